/**
 * What a request says by naming it: the response it continues (`previous_response_id`), and items of earlier ones
 * (`item_reference`). Items are found by their ids alone, because each id holds its response's.
 */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { kindOf, type PlacedEntry } from '../reading/conversation.ts';

/** Filled by who has the store; reading it is pure. */
export interface Past {
  /** The response to be continued was found; `items` is all that was said until its end. */
  readonly hasPrevious: boolean;
  readonly items: readonly JsonObject[];
  /** By id. */
  readonly referenced: ReadonlyMap<string, JsonObject>;
}

/** Ids which a body names and which have to be looked up before it is parsed. Any body: nothing is checked yet. */
export interface Named {
  readonly previousId: string | undefined;
  readonly itemIds: readonly string[];
}

export function namedBy(body: unknown): Named {
  const { previous_response_id: previous, input } = isJsonObject(body) ? body : {};
  const items: readonly unknown[] = Array.isArray(input) ? input : [];
  return {
    previousId: typeof previous === 'string' && previous !== '' ? previous : undefined,
    itemIds: items.flatMap((item) => {
      if (!isJsonObject(item) || typeof item.id !== 'string') return [];
      return item.type === 'item_reference' || (item.type === undefined && item.role === undefined) ? [item.id] : [];
    }),
  };
}

/** A reference to an item that is gone says nothing: the item was lost with its response. */
export function placePast(own: readonly PlacedEntry[], past: Past | undefined): PlacedEntry[] {
  const before = (past?.items ?? []).map((entry, i) => ({ entry, at: `previous_response_id[${i}]` }));
  const resolved = own.map(({ entry, at }) => {
    if (kindOf(entry) !== 'item_reference' || !isJsonObject(entry)) return { entry, at };
    return { entry: past?.referenced.get(String(entry.id)) ?? entry, at };
  });
  return [...before, ...resolved];
}

/** All ids of a response end with these, so that any of them leads to the response. */
const RANDOM_CHARACTERS = 24;

export function responseId(random: string): string {
  return `resp_${random.slice(0, RANDOM_CHARACTERS)}`;
}

/** `msg_` + the response's own characters + the item's index in the output. */
export function outputItemId(prefix: string, ofResponse: string, index: number): string {
  return `${prefix}${randomPart(ofResponse)}${index}`;
}

/** For items of the input which came without an id. */
export function inputItemId(ofResponse: string, index: number): string {
  return `msg_${randomPart(ofResponse)}i${index}`;
}

/** The response which an item belongs to, or undefined for ids which are none of ours. */
export function responseOfItem(itemId: string): string | undefined {
  const [, random] = /^[a-z]+_([A-Za-z0-9]{24})i?\d+$/.exec(itemId) ?? [];
  return random === undefined ? undefined : responseId(random);
}

function randomPart(id: string): string {
  return id.slice('resp_'.length);
}
