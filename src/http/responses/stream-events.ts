/** Streams events that another task writes. */
import { KEEP_ALIVE } from '../../protocols/openai-responses/index.ts';
import { notesOf, STREAM_HEADERS } from '../answer.ts';
import { type HttpExchange, writePieces } from '../http-exchange.ts';

/**
 * Resolves when there are no more events, or the client has disconnected. When the gateway shuts down it ends the response
 * itself, so its events end with the result.
 */
export async function streamEvents(
  exchange: HttpExchange,
  eventsUntil: (gone: AbortSignal) => AsyncIterable<string>,
  pingIntervalMs: number,
): Promise<void> {
  const { response, headers } = exchange;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  headers.setAll(STREAM_HEADERS);
  headers.setAll(notesOf(exchange));
  response.writeHead(200, headers.namesAndValues);
  const silence = setInterval(() => {
    if (!response.destroyed && !response.writableNeedDrain) response.write(KEEP_ALIVE);
  }, pingIntervalMs);
  try {
    for await (const text of eventsUntil(gone.signal)) {
      silence.refresh();
      await writePieces(response, Buffer.from(text), gone.signal);
    }
  } catch (cause) {
    if (!gone.signal.aborted) throw cause;
  } finally {
    clearInterval(silence);
    response.end();
  }
}
