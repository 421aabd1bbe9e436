/**
 * Reads server-sent events as strictly as the protocols write them: each record is an optional `event` line and one line
 * of `data`, or a comment, and ends with a blank line. Clients accept more.
 */
type Json = ReturnType<typeof JSON.parse>;

/** `event: ` and `data: ` with one space each, as in all four APIs. */
const RECORD = /^(?:event: (?<name>[\w.]+)\n)?data: (?<data>[^\r\n]+)$/;
const COMMENT = /^:[^\r\n]*$/;

/**
 * The data of every event, parsed, without `[DONE]`. Throws Error if a record breaks the grammar, if a name differs from
 * the `type` in its data, if anything follows `[DONE]`, or if there is no event at all.
 */
export function parseEvents(stream: string): Json[] {
  if (!stream.endsWith('\n\n'))
    throw new Error(`The stream ends inside a record: ${JSON.stringify(stream.slice(-80))}`);
  const events: Json[] = [];
  let isDone = false;
  for (const record of stream.slice(0, -2).split('\n\n')) {
    if (isDone) throw new Error(`A record follows [DONE]: ${record}`);
    if (COMMENT.test(record)) continue;
    const { name, data } = RECORD.exec(record)?.groups ?? {};
    if (data === undefined) throw new Error(`Not a record of an event stream: ${JSON.stringify(record)}`);
    if (data === '[DONE]') {
      isDone = true;
      continue;
    }
    const event: Json = JSON.parse(data);
    if (name !== undefined && event.type !== name) throw new Error(`Event ${name} has the type ${event.type}.`);
    events.push(event);
  }
  if (events.length === 0) throw new Error('The stream has no event.');
  return events;
}
