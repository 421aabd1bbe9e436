/** The `response` object: what stands around its output, and how it ends. */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { StopReason } from '../../core/reply.ts';
import type { Usage } from '../../core/usage.ts';
import type { ParsedRequest } from '../protocol.ts';
import type { ResponseFailure } from './errors.ts';
import type { Echo } from './parse.ts';

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

/** What writing needs of the request. */
export type WritableRequest = Pick<ParsedRequest, 'createdAtS' | 'echo'>;

/** What changes while a response is made. */
export interface ResponseState {
  readonly status: ResponseStatus;
  readonly output: readonly JsonObject[];
  readonly usage: Usage | undefined;
  readonly stopReason: StopReason | undefined;
  readonly failure: ResponseFailure | undefined;
}

/** Everything which the request alone decides. Settings the service does not have are null rather than made up. */
export function responseFrame(parsed: WritableRequest, id: string): JsonObject {
  const { request } = echoOf(parsed);
  // The rest of a loose object came out of JSON.parse, so its values are JSON.
  const asked = request as unknown as { readonly [field: string]: JsonValue | undefined };
  return {
    id,
    object: 'response',
    created_at: parsed.createdAtS,
    background: request.background ?? false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: asked.max_tool_calls ?? null,
    metadata: asked.metadata ?? {},
    model: request.model,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    safety_identifier: asked.safety_identifier ?? null,
    service_tier: 'default',
    store: request.store ?? true,
    temperature: asked.temperature ?? null,
    text: { format: { type: 'text' }, ...(asked.text as JsonObject | undefined) },
    tool_choice: asked.tool_choice ?? 'auto',
    tools: asked.tools ?? [],
    top_logprobs: 0,
    top_p: asked.top_p ?? null,
    truncation: 'disabled',
    access_programs: null,
    ...(asked.user ? { user: asked.user } : {}),
  };
}

export function responseObject(frame: JsonObject, { status, output, usage, stopReason, failure }: ResponseState) {
  return {
    ...frame,
    status,
    error: failure ? { ...failure } : null,
    incomplete_details: status === 'incomplete' ? { reason: incompleteReason(stopReason) } : null,
    output,
    ...(usage ? { usage: toWireUsage(usage) } : {}),
  } satisfies JsonObject;
}

/** How a reply which came to its end, ended. */
export function statusAfter(stopReason: StopReason): 'completed' | 'incomplete' {
  return INCOMPLETE_REASONS[stopReason] === undefined ? 'completed' : 'incomplete';
}

function incompleteReason(stopReason: StopReason | undefined): string {
  return (stopReason && INCOMPLETE_REASONS[stopReason]) ?? 'max_output_tokens';
}

const INCOMPLETE_REASONS: Record<StopReason, 'max_output_tokens' | 'content_filter' | undefined> = {
  'end-turn': undefined,
  'tool-use': undefined,
  'stop-sequence': undefined,
  'max-tokens': 'max_output_tokens',
  'context-window': 'max_output_tokens',
  refusal: 'content_filter',
};

/** The details are part of the API's type and added up by clients unasked, so what is unknown is 0. */
function toWireUsage(usage: Usage): JsonObject {
  const input = Math.round(usage.inputTokens.value);
  const output = Math.round(usage.outputTokens.value);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: Math.round(usage.cacheReadTokens?.value ?? 0),
      cache_write_tokens: Math.round(usage.cacheWriteTokens?.value ?? 0),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: Math.round(usage.reasoningTokens?.value ?? 0) },
    total_tokens: input + output,
  };
}

/** Every request this protocol is handed was parsed by it. */
export function echoOf(request: Pick<ParsedRequest, 'echo'>): Echo {
  return request.echo as Echo; // parseRequest made it
}
