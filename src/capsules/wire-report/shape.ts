/** What a request looks like, without what it says: its members in order, and the classes of their values. */
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { isModelName } from '../redact/places.ts';
import { isKnownKey, isKnownValue } from '../redact/words.ts';

export interface Shape {
  /** Classes of values by path, such as `conversationState.history[].userInputMessage.content`. */
  readonly classes: Map<string, Set<string>>;
  /** Names of the members of each object, in the order in which they first came. */
  readonly orders: Map<string, string[]>;
}

export function emptyShape(): Shape {
  return { classes: new Map(), orders: new Map() };
}

/** Values of the user's own making: not looked into. */
const OPAQUE: ReadonlySet<string> = new Set(['input', 'json', 'inputSchema', 'arguments', 'schema', 'parameters']);

export function addToShape(shape: Shape, value: JsonValue, path = ''): void {
  const classes = shape.classes.get(path) ?? new Set();
  shape.classes.set(path, classes);
  classes.add(classOf(value));
  if (Array.isArray(value)) {
    for (const item of value) addToShape(shape, item, `${path}[]`);
    return;
  }
  if (!isJsonObject(value)) return;
  const names = shape.orders.get(path) ?? [];
  shape.orders.set(path, names);
  for (const [key, member] of Object.entries(value)) {
    const name = shownMember(key);
    if (!names.includes(name)) names.push(name);
    const inside = path === '' ? name : `${path}.${name}`;
    if (OPAQUE.has(key)) shape.classes.set(inside, new Set([classOf(member)]));
    else addToShape(shape, member, inside);
  }
}

/** Names of members are the service's, known or new; anything else may be a user's. */
function shownMember(key: string): string {
  return isKnownKey(key) || isIdentifier(key) ? key : '<name>';
}

export function isIdentifier(key: string): boolean {
  return /^(?:[a-z][a-z]+|[a-z]+(?:[A-Z][a-z]+)+|[a-z]+(?:_[a-z]+)+)$/.test(key) && key.length <= 60;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const FORMS: readonly (readonly [form: RegExp, name: string])[] = [
  [new RegExp(`^${UUID}$`, 'i'), 'uuid'],
  [new RegExp(`^sess_${UUID}$`, 'i'), 'sess_<uuid>'],
  [/^arn:/, 'arn'],
  [/^tooluse_[\w-]+$/, 'tooluse_<id>'],
  [/^\d+$/, 'digits'],
  [/^[A-Za-z0-9+/]{64,}={0,2}$/, 'base64'],
];

function classOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return classOfText(value);
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : 'list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'empty object' : 'object';
  return typeof value;
}

function classOfText(text: string): string {
  if (text === '') return 'empty text';
  if (isKnownValue(text) || isModelName(text)) return JSON.stringify(text);
  return FORMS.find(([form]) => form.test(text))?.[1] ?? 'text';
}
