/** The `response` object around the output, and how it ends. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { StopReason } from '../../core/reply.ts';
import type { Usage } from '../../core/usage.ts';
import type { AnswerableRequest } from '../protocol.ts';
import type { ResponseFailure } from './errors.ts';
import type { Echo } from './parse.ts';

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

/** The part of the request that writing needs. */
export type WritableRequest = Pick<AnswerableRequest<Echo>, 'createdAtS' | 'echo'>;

/** The state of a response in progress. */
export interface ResponseState {
  readonly status: ResponseStatus;
  readonly output: readonly JsonObject[];
  readonly usage: Usage | undefined;
  readonly stopReason: StopReason | undefined;
  readonly failure: ResponseFailure | undefined;
  /** Seconds since the epoch; undefined unless the status is `completed`. */
  readonly completedAtS: number | undefined;
}

/**
 * The members that depend on the request only. Every member that the published API requires is present: as requested,
 * with the API's documented default, or null.
 */
export function responseFrame(parsed: WritableRequest, id: string): JsonObject {
  const { request } = parsed.echo;
  // The other members come from JSON.parse, so they are JSON values.
  const requested = request as unknown as { readonly [field: string]: JsonValue | undefined };
  return {
    id,
    object: 'response',
    created_at: parsed.createdAtS,
    completed_at: null,
    background: request.background ?? false,
    frequency_penalty: numberOr(requested.frequency_penalty, 0),
    instructions: requested.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: requested.max_tool_calls ?? null,
    metadata: requested.metadata ?? {},
    model: request.model,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    presence_penalty: numberOr(requested.presence_penalty, 0),
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    safety_identifier: requested.safety_identifier ?? null,
    service_tier: 'default',
    store: request.store ?? true,
    temperature: numberOr(requested.temperature, 1),
    text: { format: { type: 'text' }, ...(requested.text as JsonObject | undefined) },
    tool_choice: requested.tool_choice ?? 'auto',
    tools: (request.tools ?? []).filter(isJsonObject).map(completeTool),
    top_logprobs: 0,
    top_p: numberOr(requested.top_p, 1),
    truncation: 'disabled',
    access_programs: null,
    ...(requested.user ? { user: requested.user } : {}),
  };
}

function numberOr(value: JsonValue | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

/** Adds the members that the API requires of a function in a response but not in a request. */
function completeTool(tool: JsonObject): JsonObject {
  if (tool.type !== 'function' || tool.name === undefined) return tool;
  return {
    ...tool,
    description: tool.description ?? null,
    parameters: tool.parameters ?? null,
    strict: tool.strict ?? null,
  };
}

export function responseObject(frame: JsonObject, state: ResponseState) {
  const { status, output, usage, stopReason, failure, completedAtS } = state;
  return {
    ...frame,
    status,
    completed_at: completedAtS ?? null,
    error: failure ? { ...failure } : null,
    incomplete_details: status === 'incomplete' ? { reason: incompleteReason(stopReason) } : null,
    output,
    usage: usage ? toWireUsage(usage) : null,
  } satisfies JsonObject;
}

/** The status of a reply that ended normally. */
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

/** The details are required by the API's type and added up by clients, so unknown values are 0. */
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
