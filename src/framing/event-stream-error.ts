/** Thrown for bytes that are not a valid event stream, or headers that cannot be encoded. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
}
