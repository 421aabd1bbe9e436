/** What the scan of a body finds out for those that parse it. */

/** Bytes of a string, without its quotes. */
export interface StringSpan {
  readonly start: number;
  readonly end: number;
  /** Among all strings that are values. */
  readonly index: number;
  /** It is escaped as `JSON.stringify` does it: as long as its bytes are UTF-8, it is serialised as it came. */
  readonly isCanonical: boolean;
}

/** What a scan has found in JSON, if it is valid. */
export interface ScannedJson {
  /** Values, not keys, in their order. */
  readonly longStrings: readonly StringSpan[];
  /** Elements and members of all lists and objects; an empty one counts as one of a single entry. */
  readonly values: number;
}
