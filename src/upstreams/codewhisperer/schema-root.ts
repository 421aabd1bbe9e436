/**
 * The root of a tool's input schema may not have `oneOf`, `anyOf` or `allOf`, so their variants are merged into the
 * root's properties. Of a union, only what every variant requires stays required; of a combination, everything.
 */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

const UNIONS = ['oneOf', 'anyOf'] as const;

/** Returns the same object if there is nothing to merge. */
export function mergeRoot(schema: JsonObject): JsonObject {
  if (!('allOf' in schema || 'anyOf' in schema || 'oneOf' in schema)) return schema;
  const { allOf, anyOf: _anyOf, oneOf: _oneOf, ...own } = schema;
  let merged: JsonObject = own;
  for (const variant of variants(allOf)) merged = combine(merged, variant, union(required(merged), required(variant)));
  for (const keyword of UNIONS) {
    const choices = variants(schema[keyword]);
    if (choices.length === 0) continue;
    const needed = choices.map(required).reduce((all, names) => all.filter((name) => names.includes(name)));
    const before = required(merged);
    for (const choice of choices) merged = combine(merged, choice, before);
    merged = withRequired(merged, union(before, needed));
  }
  return merged;
}

/** The variants that can be objects: `{"type":"string"}` says nothing about properties. */
function variants(list: JsonValue | undefined): JsonObject[] {
  if (!Array.isArray(list)) return [];
  return list
    .filter(isJsonObject)
    .filter((variant) => variant.type === undefined || variant.type === 'object')
    .map(mergeRoot);
}

/** The first variant with a title or description wins. */
function combine(base: JsonObject, variant: JsonObject, names: readonly string[]): JsonObject {
  const { properties: added, required: _required, ...rest } = variant;
  const properties: Record<string, JsonValue> = { ...(isJsonObject(base.properties) ? base.properties : {}) };
  for (const [name, schema] of Object.entries(isJsonObject(added) ? added : {})) {
    properties[name] = either(Object.hasOwn(properties, name) ? properties[name] : undefined, schema);
  }
  return withRequired({ ...rest, ...base, properties }, names);
}

/** A property that variants describe differently may be either. */
function either(known: JsonValue | undefined, added: JsonValue): JsonValue {
  if (known === undefined || isDeepStrictEqual(known, added)) return added;
  const choices =
    isJsonObject(known) && Array.isArray(known.anyOf) && Object.keys(known).length === 1 ? known.anyOf : [known];
  if (choices.some((choice: JsonValue) => isDeepStrictEqual(choice, added))) return known;
  return { anyOf: [...choices, added] };
}

function withRequired(schema: JsonObject, names: readonly string[]): JsonObject {
  const { required: _required, ...rest } = schema;
  return names.length === 0 ? rest : { ...rest, required: names };
}

function required(schema: JsonObject): string[] {
  const names = schema.required;
  return Array.isArray(names) ? names.filter((name: JsonValue) => typeof name === 'string') : [];
}

function union(left: readonly string[], right: readonly string[]): string[] {
  return [...new Set([...left, ...right])];
}
