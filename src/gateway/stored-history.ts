/**
 * Reads stored responses for a later request: the conversation up to a response, or single items by id. Both are bounded,
 * because a short request can name any amount of data, and yield to other requests in between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { StoredResponse } from './response-store.ts';

type Find = (id: string) => Promise<StoredResponse | undefined>;

/** What a response adds to its conversation. */
export interface Round {
  readonly items: readonly JsonObject[];
  /** Of the items as JSON. */
  readonly bytes: number;
  readonly previousId: string | undefined;
}

/** Rounds that were read before: finding one again means a query, a decryption and parsing. */
export interface KnownRounds {
  get(id: string): Round | undefined;
  set(id: string, round: Round): void;
  /** Whether all of these responses are still stored. Counts as a use of them. */
  areKept(ids: readonly string[]): Promise<boolean>;
}

/**
 * The items of a response and of all responses that it continues, oldest first. Undefined if any of them is missing.
 * Rejects with `invalid_request` if one is unfinished, because the reply would build on half an answer, or if they exceed
 * the limits; and with the reason of `gone` once that aborts.
 */
export async function itemsUntil(
  find: Find,
  known: KnownRounds,
  id: string,
  gone: AbortSignal,
): Promise<readonly JsonObject[] | undefined> {
  const rounds: (readonly JsonObject[])[] = [];
  const remembered: string[] = [];
  let bytes = 0;
  for (let next: string | undefined = id; next !== undefined; ) {
    if (rounds.length >= MAX_ROUNDS) throw tooMuch(`this response continues more than ${MAX_ROUNDS} responses`);
    let round: Round | undefined = known.get(next);
    if (round) remembered.push(next);
    else {
      const stored: StoredResponse | undefined = await find(next);
      if (!stored) return undefined;
      round = roundOf(stored);
      if (isFinal(stored)) known.set(next, round);
      await nextTurn();
      gone.throwIfAborted();
    }
    bytes += round.bytes;
    if (bytes > MAX_BYTES) throw tooMuch(`this response continues more than ${MAX_BYTES} bytes of conversation`);
    rounds.push(round.items);
    next = round.previousId;
  }
  if (remembered.length > 0 && !(await known.areKept(remembered))) return undefined;
  return rounds.reverse().flat();
}

/** Throws `invalid_request` for an unfinished response. */
function roundOf({ id, state, input, response, previousId }: StoredResponse): Round {
  if (state === 'running') throw unfinished(id);
  const items = [...input, ...outputOf(response)];
  return { items, bytes: bytesOf(items), previousId };
}

/** Stored by the process that produced it, as it stays. One whose process seems to have died may still change. */
function isFinal({ state, aliveUntilMs }: StoredResponse): boolean {
  return state === 'ended' && aliveUntilMs === 0;
}

/**
 * Input and output items by id; missing ones are left out. `wanted` maps each response to the ids of its items, repeated
 * as often as the request names them. Rejects with `invalid_request` if they exceed the limits, and with the reason of
 * `gone` once that aborts.
 */
export async function itemsNamed(
  find: Find,
  wanted: ReadonlyMap<string, readonly string[]>,
  gone: AbortSignal,
): Promise<ReadonlyMap<string, JsonObject>> {
  const named = [...wanted.values()].reduce((sum, { length }) => sum + length, 0);
  if (named > MAX_REFERENCES)
    throw tooManyReferences(`${named} items of earlier responses; the limit is ${MAX_REFERENCES}`);
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
      if (bytes > MAX_BYTES)
        throw tooManyReferences(`items of earlier responses with more than ${MAX_BYTES} bytes in total`);
      found.set(itemId, item);
    }
    await nextTurn();
    gone.throwIfAborted();
  }
  return found;
}

/** Far more than any model reads. */
const MAX_ROUNDS = 2_000;
const MAX_REFERENCES = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** An output item replaces an input item of the same id. */
function itemsById({ input, response }: StoredResponse): Map<string, JsonObject> {
  const items = [...input, ...outputOf(response)];
  return new Map(items.flatMap((item) => (typeof item.id === 'string' ? [[item.id, item]] : [])));
}

function outputOf({ output }: JsonObject): readonly JsonObject[] {
  // The protocol wrote it: an output is a list of items.
  return (output ?? []) as readonly JsonObject[];
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function unfinished(id: string): GatewayError {
  const message = `previous_response_id: the response '${id}' is still in progress. Wait until it has ended, or cancel it.`;
  return new GatewayError('invalid_request', message, { param: 'previous_response_id' });
}

function tooMuch(what: string): GatewayError {
  const message = `previous_response_id: ${what}. Compact the conversation, or start a new one.`;
  return new GatewayError('invalid_request', message, { param: 'previous_response_id' });
}

function tooManyReferences(what: string): GatewayError {
  const message = `input: references ${what}. Compact the conversation, or reference fewer items.`;
  return new GatewayError('invalid_request', message, { param: 'input' });
}
