/** What a field of type `datetime-local` takes and gives: local time without a zone, to the minute. */
export function toLocalInput(timeMs: number): string {
  const local = new Date(timeMs - new Date(timeMs).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
