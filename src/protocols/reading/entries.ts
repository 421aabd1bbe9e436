/** Finds the conversation of a request: `messages`, Responses' `input`, or `prompt`. */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { refuse } from '../shape.ts';
import type { PlacedEntry } from './conversation.ts';
import type { Api, Reading } from './reading.ts';
import type { ToolList } from './tools.ts';

type EntryField = 'messages' | 'input' | 'prompt';

const ORDER: Readonly<Record<Api, readonly EntryField[]>> = {
  'openai-chat': ['messages', 'input', 'prompt'],
  'openai-responses': ['input', 'messages'],
  anthropic: ['messages', 'input', 'prompt'],
};

export interface Entries {
  readonly at: EntryField;
  readonly entries: readonly PlacedEntry[];
}

/** The first non-empty field. Throws if a field has another type. */
export function readEntries(request: object, api: Api): Entries {
  const fields = request as JsonObject; // parsed from JSON
  for (const at of ORDER[api]) {
    const value = fields[at];
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' && value !== '') return { at, entries: [{ entry: value, at }] };
    if (!Array.isArray(value)) {
      if (value === '') continue;
      throw refuse(at, at === 'input' ? 'expected a string or a list of items.' : 'expected a list of messages.');
    }
    if (value.length > 0) return { at, entries: placed(value, at) };
  }
  return { at: ORDER[api][0] ?? 'messages', entries: [] };
}

function placed(values: readonly unknown[], listAt: string): PlacedEntry[] {
  const entries: PlacedEntry[] = [];
  for (let index = 0; index < values.length; index++) entries.push({ entry: values[index], at: `${listAt}[${index}]` });
  return entries;
}

/** Notes a conversation in another dialect's field. Throws if there are two. */
export function noteEntries(request: object, { at }: Entries, reading: Reading): void {
  const order = ORDER[reading.api];
  if (at !== order[0]) reading.spelled(at === 'messages' ? 'openai-chat' : 'openai-responses', at, at);
  for (const other of order) {
    if (other === at) continue;
    const value: unknown = Reflect.get(request, other);
    const isGiven = (Array.isArray(value) || typeof value === 'string') && value.length > 0;
    if (isGiven) throw refuse(other, `conflicts with the conversation in ${at}; send only one of them.`);
  }
}

/** Tool lists among the entries. */
export function toolListsIn(entries: readonly PlacedEntry[]): ToolList[] {
  const lists: ToolList[] = [];
  for (let index = 0; index < entries.length; index++) {
    const { entry, at } = entries[index] as PlacedEntry; // within its bounds
    if (!isJsonObject(entry) || (entry.type !== 'additional_tools' && entry.type !== 'tool_search_output')) continue;
    const tools = Array.isArray(entry.tools) ? entry.tools : [];
    lists.push({ at: `${at}.tools`, tools, isFound: entry.type === 'tool_search_output' });
  }
  return lists;
}
