/**
 * References in a request: the response it continues (`previous_response_id`), and items of earlier ones
 * (`item_reference`). An item is found by its id alone, because it contains the id of its response.
 */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { kindOf, type PlacedEntry } from '../reading/conversation.ts';

/** Loaded from the store before parsing, so that parsing is pure. */
export interface Past {
  /** The previous response was found; `items` is the conversation up to its end. */
  readonly hasPrevious: boolean;
  readonly items: readonly JsonObject[];
  /** By id. */
  readonly referenced: ReadonlyMap<string, JsonObject>;
}

/** Ids in a body that must be looked up before parsing. The body is not validated yet. */
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

/** Drops a reference to a missing item, which was deleted with its response. */
export function placePast(own: readonly PlacedEntry[], past: Past | undefined): PlacedEntry[] {
  const before = (past?.items ?? []).map((entry, i) => ({ entry, at: `previous_response_id[${i}]` }));
  const resolved = own.map(({ entry, at }) => {
    if (kindOf(entry) !== 'item_reference' || !isJsonObject(entry)) return { entry, at };
    return { entry: past?.referenced.get(String(entry.id)) ?? entry, at };
  });
  return [...before, ...resolved];
}

/** All item ids of a response contain these characters, so that each leads to the response. */
const RANDOM_CHARACTERS = 24;

export function responseId(random: string): string {
  return `resp_${random.slice(0, RANDOM_CHARACTERS)}`;
}

/** `msg_` + the response's own characters + the item's index in the output. */
export function outputItemId(prefix: string, ofResponse: string, index: number): string {
  return `${prefix}${randomPart(ofResponse)}${index}`;
}

/** For input items without an id. */
export function inputItemId(ofResponse: string, index: number): string {
  return `msg_${randomPart(ofResponse)}i${index}`;
}

/** The response of an item; undefined for foreign ids. */
export function responseOfItem(itemId: string): string | undefined {
  const [, random] = /^[a-z]+_([A-Za-z0-9]{24})i?\d+$/.exec(itemId) ?? [];
  return random === undefined ? undefined : responseId(random);
}

function randomPart(id: string): string {
  return id.slice('resp_'.length);
}
