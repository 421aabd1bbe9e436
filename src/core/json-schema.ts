/** JSON Schema (draft 7 to 2020-12): which keywords hold schemas, and how references point into one. */
import type { JsonValue } from './json.ts';

/** Keywords that hold schemas. `items` is a list of schemas before draft 2020-12. */
export const SUBSCHEMA_KEYWORDS = {
  items: 'schema',
  additionalItems: 'schema',
  additionalProperties: 'schema',
  unevaluatedItems: 'schema',
  unevaluatedProperties: 'schema',
  propertyNames: 'schema',
  contains: 'schema',
  not: 'schema',
  if: 'schema',
  // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
  then: 'schema',
  else: 'schema',
  prefixItems: 'schema-list',
  allOf: 'schema-list',
  anyOf: 'schema-list',
  oneOf: 'schema-list',
  properties: 'schema-map',
  patternProperties: 'schema-map',
  dependentSchemas: 'schema-map',
} as const satisfies Readonly<Record<string, 'schema' | 'schema-list' | 'schema-map'>>;

/** The keys from the root to a value: `['properties', 'a', 'pattern']`. */
export type Location = readonly string[];

/** The location that a JSON Pointer (RFC 6901) names: `/properties/a~1b`. */
export function locationOf(pointer: string): Location {
  const keys = pointer.split('/').slice(1);
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function pointerOf(location: Location): string {
  return location.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function valueAt(root: JsonValue | undefined, location: Location): JsonValue | undefined {
  let value = root;
  for (const key of location) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Array.isArray(value) ? value[Number(key)] : Reflect.get(value, key);
  }
  return value;
}

/** The target of a `$ref` into the same schema: `#/$defs/place`. Anchors and identifiers are not looked up. */
export function referenced(root: JsonValue | undefined, reference: string): JsonValue | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  return valueAt(root, locationOf(decoded(reference).slice(1)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
