/** Why a request to the gateway failed, in the gateway's own words where it has any. */
import type { AdminError } from '../../../src/http/admin/contract/common.ts';

export class ApiError extends Error {
  /** HTTP status; 0 if there was no response. */
  readonly status: number;
  /** As in docs/errors.md; `offline` and `unexpected_response` are the console's own. */
  readonly code: string;
  /** The field at fault. */
  readonly param: string | undefined;
  readonly retryAfterS: number | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, facts: Pick<ApiError, 'status' | 'code'> & Partial<ApiError>) {
    super(message, { cause: facts.cause });
    this.name = 'ApiError';
    this.status = facts.status;
    this.code = facts.code;
    this.param = facts.param;
    this.retryAfterS = facts.retryAfterS;
    this.requestId = facts.requestId;
  }
}

export function offline(cause: unknown): ApiError {
  return new ApiError('', { status: 0, code: 'offline', cause });
}

/** Of the admin API, of the OpenAI APIs or of Anthropic's: all of them have `error.message`. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const { message, code, param } = detailsOf(body);
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(message, {
    status: response.status,
    code,
    param,
    retryAfterS: Number.isFinite(retryAfter) ? retryAfter : undefined,
    requestId: response.headers.get('x-request-id') ?? undefined,
  });
}

function detailsOf(body: unknown): { message: string; code: string; param: string | undefined } {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (typeof error !== 'object' || error === null || !('message' in error) || typeof error.message !== 'string')
    return { message: '', code: 'unexpected_response', param: undefined };
  const { message, code, param, type } = error as Partial<AdminError['error']> & { message: string; type?: string };
  return { message, code: code ?? type ?? 'unexpected_response', param: param ?? undefined };
}
