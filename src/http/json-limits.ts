/**
 * How many values a request may hold. Reading costs time and memory by the value, not by the byte: ten million messages
 * fit into 20 MiB. Real requests stay far below: 5,000 turns with tools hold fewer than 100,000 values.
 */
import { GatewayError } from '../core/errors.ts';

/** Elements of one list, or members of one object. */
export const MAX_ENTRIES = 50_000;
/** Elements and members of all lists and objects together. */
export const MAX_VALUES = 250_000;

/** A list or an object, and how it is reached from the one that holds it. */
interface Container {
  readonly value: object;
  readonly key: string | number;
  readonly parent: Container | undefined;
}

/** Throws `invalid_request` that names the limit and what exceeds it. `value` is parsed JSON of any depth. */
export function assertWithinLimits(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  // A stack of our own: the client chooses the depth.
  const waiting: Container[] = [{ value, key: '', parent: undefined }];
  let values = 0;
  for (let container = waiting.pop(); container; container = waiting.pop()) {
    const count = pushContainers(container, waiting);
    values += count;
    if (count > MAX_ENTRIES) throw tooManyEntries(container, count);
    if (values > MAX_VALUES) throw tooManyValues();
  }
}

/** The number of entries. Those of a container above the limit are not looked at. */
function pushContainers(parent: Container, waiting: Container[]): number {
  if (Array.isArray(parent.value)) {
    const list: readonly unknown[] = parent.value;
    if (list.length <= MAX_ENTRIES)
      for (const [key, value] of list.entries())
        if (typeof value === 'object' && value !== null) waiting.push({ value, key, parent });
    return list.length;
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(parent.value);
  if (entries.length <= MAX_ENTRIES)
    for (const [key, value] of entries)
      if (typeof value === 'object' && value !== null) waiting.push({ value, key, parent });
  return entries.length;
}

function tooManyEntries(container: Container, count: number): GatewayError {
  const path = pathOf(container);
  const kind = Array.isArray(container.value) ? 'a list' : 'an object';
  return new GatewayError(
    'invalid_request',
    `${path === '' ? 'The request body' : path}: ${kind} with ${count} entries; this gateway takes up to ${MAX_ENTRIES}.`,
    path === '' ? {} : { param: path },
  );
}

function tooManyValues(): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The request body holds more than ${MAX_VALUES} values, the limit of this gateway.`,
  );
}

const MAX_PATH_KEYS = 8;
const MAX_KEY_LENGTH = 100;

/** `messages[2].content`; '' is the body itself. Of a deep path, the end. */
function pathOf(container: Container): string {
  const keys: (string | number)[] = [];
  for (let at: Container | undefined = container; at?.parent && keys.length < MAX_PATH_KEYS; at = at.parent)
    keys.unshift(at.key);
  return keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key.slice(0, MAX_KEY_LENGTH)}`))
    .join('')
    .replace(/^\./, '');
}
