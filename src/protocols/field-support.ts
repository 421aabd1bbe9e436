/** How a field of a client's request is handled. Each protocol has a table of its fields. */
export type FieldSupport =
  /** Sent upstream, or affects the reply. */
  | 'used'
  /** The upstream has no such option; dragoman implements it. */
  | 'emulated'
  /** Cannot be honoured but does not change the meaning of the request: accepted, and noted as an adjustment. */
  | 'noted'
  /** Does not affect the reply. */
  | 'ignored'
  /** Cannot be honoured and would change the meaning of the reply: 400, unless the value is a no-op. */
  | 'refused';
