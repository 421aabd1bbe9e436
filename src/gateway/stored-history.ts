/**
 * What stored responses hold for a later request: all that was said until one of them, and single items of them. Both
 * are bounded, for a few words of a client's can name any amount, and leave everybody else their turns in between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { StoredResponse } from './response-store.ts';

type Find = (id: string) => Promise<StoredResponse | undefined>;

/**
 * Oldest first: its own and all it continues. Undefined when any of it is gone. Rejects with `invalid_request` when it
 * is more than any conversation, and with the reason of `gone`.
 */
export async function itemsUntil(
  find: Find,
  id: string,
  gone: AbortSignal,
): Promise<readonly JsonObject[] | undefined> {
  const rounds: (readonly JsonObject[])[] = [];
  let bytes = 0;
  for (let next: string | undefined = id; next !== undefined; ) {
    if (rounds.length >= MAX_ROUNDS) throw tooMuch(`continues more than ${MAX_ROUNDS} responses`);
    const stored: StoredResponse | undefined = await find(next);
    if (!stored) return undefined;
    const said = [...stored.input, ...outputOf(stored.response)];
    bytes += bytesOf(said);
    if (bytes > MAX_BYTES) throw tooMuch(`continues more than ${MAX_BYTES} bytes of conversation`);
    rounds.push(said);
    next = stored.previousId;
    await nextTurn();
    gone.throwIfAborted();
  }
  return rounds.reverse().flat();
}

/**
 * Items of outputs and inputs by their ids; those which are gone are left out. `wanted` has the ids of each response's
 * items, as often as they are named. Rejects with `invalid_request` when that is more than a request can hold, and with
 * the reason of `gone`.
 */
export async function itemsNamed(
  find: Find,
  wanted: ReadonlyMap<string, readonly string[]>,
  gone: AbortSignal,
): Promise<ReadonlyMap<string, JsonObject>> {
  const named = [...wanted.values()].reduce((sum, { length }) => sum + length, 0);
  if (named > MAX_REFERENCES) throw tooManyNamed(`${named} items of earlier responses; ${MAX_REFERENCES} may be`);
  const found = new Map<string, JsonObject>();
  let bytes = 0;
  for (const [responseId, itemIds] of wanted) {
    const stored = await find(responseId);
    const items = stored ? itemsById(stored) : new Map<string, JsonObject>();
    const sizes = new Map<string, number>();
    for (const itemId of itemIds) {
      const item = items.get(itemId);
      if (!item) continue;
      const size = sizes.get(itemId) ?? bytesOf(item);
      sizes.set(itemId, size);
      bytes += size;
      if (bytes > MAX_BYTES) throw tooManyNamed(`items of earlier responses which are more than ${MAX_BYTES} bytes`);
      found.set(itemId, item);
    }
    await nextTurn();
    gone.throwIfAborted();
  }
  return found;
}

/** Far beyond what any model reads. */
const MAX_ROUNDS = 2_000;
const MAX_REFERENCES = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** The output's before the input's. */
function itemsById({ input, response }: StoredResponse): Map<string, JsonObject> {
  const items = [...input, ...outputOf(response)];
  return new Map(items.flatMap((item) => (typeof item.id === 'string' ? [[item.id, item]] : [])));
}

function outputOf({ output }: JsonObject): readonly JsonObject[] {
  // Its protocol wrote it: an output is a list of items.
  return (output ?? []) as readonly JsonObject[];
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function tooMuch(what: string): GatewayError {
  const message = `previous_response_id: it ${what}. Compact the conversation, or begin another.`;
  return new GatewayError('invalid_request', message, { param: 'previous_response_id' });
}

function tooManyNamed(what: string): GatewayError {
  const message = `input: it names ${what}. Compact the conversation, or name fewer.`;
  return new GatewayError('invalid_request', message, { param: 'input' });
}
