/** The events of a background response that another process is producing, read from the store as they are saved there. */
import type { Clock } from '../core/clock.ts';
import type { StoredResponse } from './response-store.ts';
import { eventsAfter } from './run.ts';

/** The process that produces them saves them at its heartbeats, every few seconds. */
const LOOK_EVERY_MS = 1_000;

/**
 * Yields the events after this sequence number until the response ends or is deleted, or `gone` aborts. Rejects with
 * `storage_unavailable`.
 */
export async function* followEvents(
  find: () => Promise<StoredResponse | undefined>,
  afterSequence: number,
  clock: Clock,
  gone: AbortSignal,
): AsyncGenerator<string, void> {
  let sequence = afterSequence;
  while (!gone.aborted) {
    const stored = await find();
    const text = eventsAfter(stored?.events ?? '', sequence);
    if (text !== '') {
      sequence += countEvents(text);
      yield text;
    }
    if (stored?.state !== 'running') return;
    await clock.sleep(LOOK_EVERY_MS, gone).catch(() => {});
  }
}

function countEvents(text: string): number {
  return text.split('\n\n').length - 1;
}
