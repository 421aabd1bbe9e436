/** What can become of a field of a client's request. Each protocol has a table of its fields. */
export type FieldSupport =
  /** Goes upstream, or decides how we answer. */
  | 'used'
  /** The upstream has no such control; dragoman does it itself. */
  | 'emulated'
  /** A wish which cannot be granted and does not change what the request means: accepted, and noted as an adjustment. */
  | 'noted'
  /** Says nothing about the answer. */
  | 'ignored'
  /** Would change what the answer means and cannot be done: 400, unless its value asks for nothing. */
  | 'refused';
