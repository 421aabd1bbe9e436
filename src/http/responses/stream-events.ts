/** Events which were written elsewhere, to one who listens for a while. */
import { once } from 'node:events';
import { KEEP_ALIVE } from '../../protocols/openai-responses/index.ts';
import { notesOf, STREAM_HEADERS } from '../answer.ts';
import type { Exchange } from '../exchange.ts';

/** Resolves when there is no more to say, or nobody to say it to. */
export async function streamEvents(
  exchange: Exchange,
  events: AsyncIterable<string>,
  pingIntervalMs: number,
): Promise<void> {
  const { response, headers, gone } = exchange;
  response.writeHead(200, { ...headers, ...STREAM_HEADERS, ...notesOf(exchange) });
  const silence = setInterval(() => {
    if (!response.destroyed && !response.writableNeedDrain) response.write(KEEP_ALIVE);
  }, pingIntervalMs);
  try {
    for await (const text of events) {
      silence.refresh();
      if (!response.write(text)) await once(response, 'drain', { signal: gone.signal });
    }
  } catch (cause) {
    if (!gone.signal.aborted) throw cause;
  } finally {
    clearInterval(silence);
    response.end();
  }
}
