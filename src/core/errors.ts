/**
 * Every error code, and the table that defines each: the HTTP status, who is to blame
 * (only an account's own errors count against it), and how the dispatcher may retry before the reply's
 * first visible byte. Each client protocol owns a Record<ErrorCode, …> that maps the codes to its own.
 */
export interface ErrorRule {
  /** HTTP status unless the client's protocol has its own (Anthropic uses 529 for overload). */
  readonly status: number;
  readonly blame: 'client' | 'account' | 'upstream' | 'gateway';
  readonly retry: 'never' | 'same-account' | 'other-account' | 'after-refresh';
}

export const ERROR_RULES = {
  invalid_request: { status: 400, blame: 'client', retry: 'never' },
  unsupported_parameter: { status: 400, blame: 'client', retry: 'never' },
  context_too_long: { status: 400, blame: 'client', retry: 'never' },
  /** The service rejected the body although it follows every known rule. */
  upstream_refused: { status: 400, blame: 'client', retry: 'never' },
  /** The service did not recognise the reasoning signatures; retried once without reasoning history. */
  signature_invalid: { status: 400, blame: 'client', retry: 'never' },
  /** The model always thinks and rejects `thinking: disabled`; retried once at the lowest effort. */
  thinking_required: { status: 400, blame: 'client', retry: 'never' },
  /** The service refused the documents; once more with their text in their place. */
  documents_refused: { status: 400, blame: 'client', retry: 'never' },
  unauthorized: { status: 401, blame: 'client', retry: 'never' },
  forbidden: { status: 403, blame: 'client', retry: 'never' },
  unknown_model: { status: 404, blame: 'client', retry: 'never' },
  not_found: { status: 404, blame: 'client', retry: 'never' },
  method_not_allowed: { status: 405, blame: 'client', retry: 'never' },
  request_too_large: { status: 413, blame: 'client', retry: 'never' },
  client_closed: { status: 499, blame: 'client', retry: 'never' },
  /** The client stopped reading its response, so the connection was closed. */
  client_stalled: { status: 499, blame: 'client', retry: 'never' },
  rate_limited: { status: 429, blame: 'client', retry: 'never' },
  /** The client's key has used its credits of the day or the month. */
  budget_exhausted: { status: 429, blame: 'client', retry: 'never' },

  /** The access token was rejected or has expired; after one refresh, the credential itself counts as invalid. */
  token_rejected: { status: 503, blame: 'account', retry: 'after-refresh' },
  /** The account must sign in again. */
  credential_rejected: { status: 503, blame: 'account', retry: 'other-account' },
  /** No access token or signing keys could be obtained, so nothing was sent to the service. */
  credential_unavailable: { status: 503, blame: 'account', retry: 'other-account' },
  account_suspended: { status: 503, blame: 'account', retry: 'other-account' },
  quota_exhausted: { status: 429, blame: 'account', retry: 'other-account' },
  daily_limit: { status: 429, blame: 'account', retry: 'other-account' },
  account_throttled: { status: 429, blame: 'account', retry: 'other-account' },
  permission_denied: { status: 403, blame: 'account', retry: 'other-account' },
  feature_not_supported: { status: 403, blame: 'account', retry: 'other-account' },
  profile_required: { status: 503, blame: 'account', retry: 'other-account' },

  upstream_throttled: { status: 429, blame: 'upstream', retry: 'same-account' },
  upstream_overloaded: { status: 503, blame: 'upstream', retry: 'same-account' },
  upstream_broken: { status: 502, blame: 'upstream', retry: 'same-account' },
  /** Status 200 with a body that is not a reply, such as a proxy's page or an unknown JSON object. */
  upstream_unexpected: { status: 502, blame: 'upstream', retry: 'never' },
  /** The model began a tool call but did not finish its arguments. */
  tool_use_truncated: { status: 502, blame: 'upstream', retry: 'never' },
  /** Status 200 with neither text nor a tool call. */
  empty_reply: { status: 502, blame: 'upstream', retry: 'same-account' },
  /** Even after a retry, the reply violates the output format or lacks the required tool call. */
  output_invalid: { status: 502, blame: 'upstream', retry: 'never' },
  upstream_timeout: { status: 504, blame: 'upstream', retry: 'never' },
  upstream_conflict: { status: 409, blame: 'upstream', retry: 'never' },
  upstream_not_found: { status: 404, blame: 'upstream', retry: 'never' },

  no_account: { status: 503, blame: 'gateway', retry: 'never' },
  /** Every account is at its limit, and the queue is full or the wait timed out. */
  accounts_busy: { status: 429, blame: 'gateway', retry: 'never' },
  storage_unavailable: { status: 503, blame: 'gateway', retry: 'never' },
  /** The bodies of requests in progress use all the memory reserved for them. */
  gateway_busy: { status: 503, blame: 'gateway', retry: 'never' },
  shutting_down: { status: 503, blame: 'gateway', retry: 'never' },
  internal: { status: 500, blame: 'gateway', retry: 'never' },
} as const satisfies Record<string, ErrorRule>;

export type ErrorCode = keyof typeof ERROR_RULES;

export interface ErrorDetails extends ErrorOptions {
  /** Path of the invalid field in the client's request. */
  readonly param?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Id of the violated lint or validation rule. */
  readonly rule?: string | undefined;
  /** The upstream's error, for the log and the client: never a token, never the whole body. */
  readonly upstream?: UpstreamFailure | undefined;
  /** The account, for errors of `Pool.lease` that concern a single account. */
  readonly accountId?: string | undefined;
  /** For `context_too_long`, if known. */
  readonly tokens?: { readonly actual: number; readonly maximum: number } | undefined;
}

export interface UpstreamFailure {
  readonly status: number;
  readonly name: string | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly requestId: string | undefined;
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly rule: string | undefined;
  readonly upstream: UpstreamFailure | undefined;
  readonly tokens: { readonly actual: number; readonly maximum: number } | undefined;
  readonly accountId: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.param = details.param;
    this.retryAfterMs = details.retryAfterMs;
    this.rule = details.rule;
    this.upstream = details.upstream;
    this.tokens = details.tokens;
    this.accountId = details.accountId;
  }

  get policy(): ErrorRule {
    return ERROR_RULES[this.code];
  }

  /** The message for the log and the terminal, with the cause of an `internal` error. */
  get details(): string {
    if (this.code !== 'internal' || !(this.cause instanceof Error)) return this.message;
    return `${this.cause.name}: ${this.cause.message}`;
  }

  /** Turns an unexpected error into `internal`: its text is logged, never sent to a client. */
  static from(cause: unknown): GatewayError {
    return cause instanceof GatewayError
      ? cause
      : new GatewayError('internal', 'Internal error in dragoman. See its log for details.', { cause });
  }
}

export function clientClosed(): GatewayError {
  return new GatewayError('client_closed', 'The client closed the connection.');
}
