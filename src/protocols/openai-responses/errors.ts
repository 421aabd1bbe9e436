/**
 * Errors of the Responses API: as HTTP responses, and as the `error` of a failed response. Codex decides by the
 * latter's code whether to retry: it retries `server_error` but not `server_is_overloaded`.
 */
import type { GatewayError } from '../../core/errors.ts';
import { errorWords } from '../openai-errors.ts';

const { writeError, toErrorBody } = errorWords({
  param: 'input',
  message: () => 'Your input exceeds the context window of this model. Please adjust your input and try again.',
});

export { writeError };

export interface ResponseFailure {
  readonly code: string;
  readonly message: string;
}

/** Codes with a meaning beyond "try again". */
const SPECIFIC_CODES: ReadonlySet<string> = new Set([
  'context_length_exceeded',
  'insufficient_quota',
  'rate_limit_exceeded',
]);

export function toFailure(error: GatewayError): ResponseFailure {
  const { message, type, code } = toErrorBody(error).error;
  if (code === 'rate_limit_exceeded') return { code, message: withWaitingTime(message, error.retryAfterMs) };
  if (code !== null && SPECIFIC_CODES.has(code)) return { code, message };
  return { code: type === 'invalid_request_error' ? 'invalid_prompt' : 'server_error', message };
}

/** A stream has no headers, so clients parse the time from this sentence. */
function withWaitingTime(message: string, retryAfterMs: number | undefined): string {
  const seconds = Math.max(1, Math.ceil((retryAfterMs ?? DEFAULT_WAIT_MS) / 1000));
  return `${message.replace(/\.?\s*$/, '.')} Please try again in ${seconds}s.`;
}

const DEFAULT_WAIT_MS = 5_000;
