/** Bytes which are no event stream, or headers which cannot be written as one. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
}
