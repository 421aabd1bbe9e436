/**
 * Every failure dragoman can name, and the one table which says what each means: the status a client hears, whose
 * fault it is (only an account's own faults count against it), and what the dispatcher may try before the reply's
 * first visible byte. Each client protocol owns a Record<ErrorCode, …> which spells the codes its own way.
 */
export interface ErrorRule {
  /** HTTP status unless the client's protocol has its own (Anthropic says 529 for overload). */
  readonly status: number;
  readonly blame: 'client' | 'account' | 'upstream' | 'gateway';
  readonly retry: 'never' | 'same-account' | 'other-account' | 'after-refresh';
}

export const ERROR_RULES = {
  invalid_request: { status: 400, blame: 'client', retry: 'never' },
  unsupported_parameter: { status: 400, blame: 'client', retry: 'never' },
  context_too_long: { status: 400, blame: 'client', retry: 'never' },
  /** The service refused the body although every rule we know was kept. */
  upstream_refused: { status: 400, blame: 'client', retry: 'never' },
  /** The service did not recognise reasoning signatures; once more without reasoning history. */
  signature_invalid: { status: 400, blame: 'client', retry: 'never' },
  /** The model always thinks and refuses `thinking: disabled`; retried once at the lowest effort. */
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
  /** It stopped reading its answer, and the connection was closed. */
  client_stalled: { status: 499, blame: 'client', retry: 'never' },
  rate_limited: { status: 429, blame: 'client', retry: 'never' },

  /** The access token was refused or has expired: refresh once, then the credential itself is bad. */
  token_rejected: { status: 503, blame: 'account', retry: 'after-refresh' },
  /** Only signing in again helps. */
  credential_rejected: { status: 503, blame: 'account', retry: 'other-account' },
  /** An access token or signing keys could not be obtained, so that nothing was sent to the service. */
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
  /** Status 200, and something other than a reply: the page of a proxy, an unknown JSON object. */
  upstream_unexpected: { status: 502, blame: 'upstream', retry: 'never' },
  /** The model began a tool call and never finished its arguments. */
  tool_use_truncated: { status: 502, blame: 'upstream', retry: 'never' },
  /** 200, and neither text nor a tool call in it. */
  empty_reply: { status: 502, blame: 'upstream', retry: 'same-account' },
  /** Neither the model's answer nor its second try kept to the output format or made the tool call asked for. */
  output_invalid: { status: 502, blame: 'upstream', retry: 'never' },
  upstream_timeout: { status: 504, blame: 'upstream', retry: 'never' },
  upstream_conflict: { status: 409, blame: 'upstream', retry: 'never' },
  upstream_not_found: { status: 404, blame: 'upstream', retry: 'never' },

  no_account: { status: 503, blame: 'gateway', retry: 'never' },
  /** Every account has as many requests as it may; the queue was full, or its time was up. */
  accounts_busy: { status: 429, blame: 'gateway', retry: 'never' },
  storage_unavailable: { status: 503, blame: 'gateway', retry: 'never' },
  /** The bodies of the requests in progress use up the memory set aside for them. */
  gateway_busy: { status: 503, blame: 'gateway', retry: 'never' },
  shutting_down: { status: 503, blame: 'gateway', retry: 'never' },
  internal: { status: 500, blame: 'gateway', retry: 'never' },
} as const satisfies Record<string, ErrorRule>;

export type ErrorCode = keyof typeof ERROR_RULES;

export interface ErrorDetails extends ErrorOptions {
  /** Path of the client's field at fault. */
  readonly param?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Id of the lint or validation rule which was broken. */
  readonly rule?: string | undefined;
  /** What the upstream said, for the log and the client's eyes: never a token, never the whole body. */
  readonly upstream?: UpstreamFailure | undefined;
  /** The account that could not be leased, with errors of `Pool.lease` that concern one account. */
  readonly accountId?: string | undefined;
  /** With `context_too_long`, when known. */
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

  /** For the log and the person at the terminal: with the cause where the message leaves it out. */
  get details(): string {
    if (this.code !== 'internal' || !(this.cause instanceof Error)) return this.message;
    return `${this.cause.name}: ${this.cause.message}`;
  }

  /** Anything unforeseen becomes `internal`: its text is logged, never shown to a client. */
  static from(cause: unknown): GatewayError {
    return cause instanceof GatewayError
      ? cause
      : new GatewayError('internal', 'Something went wrong inside dragoman; its log has the details.', { cause });
  }
}

export function clientClosed(): GatewayError {
  return new GatewayError('client_closed', 'The client closed the connection.');
}
