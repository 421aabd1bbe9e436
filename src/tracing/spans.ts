/**
 * What the spans of a request say. Names: OpenTelemetry's conventions for HTTP servers
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/) and for generative AI
 * (https://github.com/open-telemetry/semantic-conventions-genai), and `dragoman.` for what they lack. No prompt, no answer, no key,
 * and no message of an error, which may quote the request.
 */
import type { Attributes } from '@opentelemetry/api';
import type { AttemptRecord } from '../gateway/attempts.ts';
import type { RequestRecord } from '../gateway/request-record.ts';

/** Other methods are `_OTHER`, as the convention asks, so that clients cannot make up names. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Of a text that the client chose. */
const MAX_TEXT_CHARS = 200;
const MAX_RULES = 20;

/** `POST /v1/messages`; without a route the method alone. */
export function requestName({ method, routePath }: RequestRecord): string {
  const known = METHODS.has(method) ? method : 'HTTP';
  return routePath === undefined ? known : `${known} ${routePath}`;
}

export function requestAttributes(record: RequestRecord): Attributes {
  const { method, routePath, status, userAgent, code, requestId, responseId, client, protocol, outcome } = record;
  return defined({
    'http.request.method': METHODS.has(method) ? method : '_OTHER',
    'http.route': routePath,
    'url.path': record.path,
    'url.scheme': 'http',
    'http.response.status_code': status,
    'user_agent.original': userAgent?.slice(0, MAX_TEXT_CHARS),
    'error.type': code,
    'dragoman.request_id': requestId,
    'dragoman.response_id': responseId,
    'dragoman.client': client,
    'dragoman.protocol': protocol,
    'dragoman.outcome': outcome,
    'dragoman.adjustments': rulesOf(record),
  });
}

/** `chat claude-sonnet-4.5` */
export function attemptName({ modelId }: AttemptRecord, record: RequestRecord): string {
  return [operationOf(record), modelId].filter((part) => part !== undefined).join(' ');
}

/** `answers`: the client received the reply of this attempt. */
export function attemptAttributes(attempt: AttemptRecord, record: RequestRecord, answers: boolean): Attributes {
  const { accountId, wireProfile, modelId, upstreamRequestId, error, choice } = attempt;
  const { model, stream, route } = record;
  return defined({
    'gen_ai.operation.name': operationOf(record),
    // No value of the convention names this service; `aws.bedrock` would promise that one's attributes.
    'gen_ai.provider.name': 'aws.codewhisperer',
    'gen_ai.request.model': model?.slice(0, MAX_TEXT_CHARS),
    'gen_ai.request.stream': stream,
    'gen_ai.response.model': modelId,
    'gen_ai.conversation.id': route?.conversationId,
    'aws.request_id': upstreamRequestId,
    'error.type': error?.code,
    'dragoman.account.id': accountId,
    'dragoman.wire_profile': wireProfile,
    'dragoman.strategy': choice?.strategy,
    'dragoman.accounts_skipped': choice?.skippedCount,
    ...(answers ? usageAttributes(attempt, record) : {}),
  });
}

function usageAttributes({ startedMs }: AttemptRecord, record: RequestRecord): Attributes {
  const { usage, stream, receivedMs, firstByteMs } = record;
  const firstChunkMs = stream && firstByteMs !== undefined ? receivedMs + firstByteMs - startedMs : undefined;
  return {
    'gen_ai.response.time_to_first_chunk': firstChunkMs === undefined ? undefined : Math.max(0, firstChunkMs) / 1_000,
    'gen_ai.usage.input_tokens': usage?.inputTokens.value,
    'gen_ai.usage.output_tokens': usage?.outputTokens.value,
    'gen_ai.usage.cache_read.input_tokens': usage?.cacheReadTokens?.value,
    'gen_ai.usage.cache_creation.input_tokens': usage?.cacheWriteTokens?.value,
    'gen_ai.usage.reasoning.output_tokens': usage?.reasoningTokens?.value,
    'dragoman.usage.credits': usage?.credits?.value,
    'dragoman.usage.provenance': usage?.inputTokens.provenance,
  };
}

function operationOf({ protocol }: RequestRecord): string {
  return protocol === 'openai-completions' ? 'text_completion' : 'chat';
}

function rulesOf({ adjustments = [] }: RequestRecord): string[] | undefined {
  const rules = [...new Set(adjustments.map(({ rule }) => rule))];
  return rules.length === 0 ? undefined : rules.slice(0, MAX_RULES);
}

function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
