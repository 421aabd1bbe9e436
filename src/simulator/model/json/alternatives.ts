/**
 * Expands a JSON Schema into the alternatives that it allows: references resolved, `allOf` merged, one branch of each `anyOf`,
 * `oneOf` and `if` taken. A value of an alternative may still violate the schema (`not`, overlapping `oneOf` branches).
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';

/** Enough for real schemas; nested unions grow without bound. */
const MAX_ALTERNATIVES = 32;
const MAX_REFERENCES = 16;

/** A document whose references may be cyclic, so resolving them is bounded. */
export interface SchemaDocument {
  readonly root: JsonObject;
  /** The number of further expansions allowed. */
  expansions: number;
  /** References being resolved. */
  openReferences: number;
}

export function openDocument(root: JsonObject): SchemaDocument {
  return { root, expansions: MAX_EXPANSIONS, openReferences: 0 };
}

const MAX_EXPANSIONS = 50_000;

export function alternativesOf(schema: JsonValue, document: SchemaDocument, references = 0): readonly JsonObject[] {
  document.expansions -= 1;
  if (document.expansions < 0) return [];
  if (schema === true) return [{}];
  if (!isJsonObject(schema)) return [];
  const { $ref, allOf, anyOf, oneOf, if: condition, then, else: otherwise, dependentSchemas, ...own } = schema;
  let alternatives: readonly JsonObject[] = [own];
  const require = (choices: readonly JsonValue[], depth = references) => {
    const branches = choices.flatMap((choice) => alternativesOf(choice, document, depth));
    alternatives = alternatives
      .flatMap((alternative) => branches.map((branch) => merge(alternative, branch)))
      .slice(0, MAX_ALTERNATIVES);
  };
  if (typeof $ref === 'string')
    require(references < MAX_REFERENCES ? [resolve($ref, document.root)] : [], references + 1);
  for (const part of listOf(allOf)) require([part]);
  if (Array.isArray(anyOf)) require(anyOf);
  if (Array.isArray(oneOf)) require(oneOf);
  if (condition !== undefined) require([{ allOf: [condition, then ?? true] }, otherwise ?? true]);
  if (isJsonObject(dependentSchemas)) require([true, { allOf: Object.values(dependentSchemas) }]);
  return alternatives;
}

/** `#/$defs/place`. An unresolvable reference allows nothing. */
export function resolve(reference: string, root: JsonObject): JsonValue {
  if (!reference.startsWith('#')) return false;
  let found: JsonValue | undefined = root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isJsonObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found ?? false;
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function merge(left: JsonObject, right: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...left };
  for (const [keyword, value] of Object.entries(right)) {
    const before = Object.hasOwn(left, keyword) ? left[keyword] : undefined;
    merged[keyword] = before === undefined ? value : both(keyword, before, value);
  }
  return merged;
}

function both(keyword: string, left: JsonValue, right: JsonValue): JsonValue {
  switch (keyword) {
    case 'properties':
    case 'patternProperties':
      return mergeMembers(left, right);
    case 'required':
      return [...new Set([...listOf(left), ...listOf(right)])];
    case 'type':
      return commonTypes(typesIn(left), typesIn(right));
    case 'enum':
      return listOf(left).filter((value) =>
        listOf(right).some((other) => JSON.stringify(other) === JSON.stringify(value)),
      );
    case 'items':
    case 'contains':
    case 'additionalProperties':
    case 'propertyNames':
      return { allOf: [left, right] };
    default:
      return tighter(keyword, left, right);
  }
}

function mergeMembers(left: JsonValue, right: JsonValue): JsonValue {
  if (!isJsonObject(left) || !isJsonObject(right)) return right;
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return Object.fromEntries(
    names.map((name): [string, JsonValue] => {
      const schemas = [left, right].flatMap((members) => (Object.hasOwn(members, name) ? [members[name] ?? true] : []));
      return [name, schemas.length === 1 ? (schemas[0] ?? true) : { allOf: schemas }];
    }),
  );
}

function typesIn(type: JsonValue): readonly JsonValue[] {
  return Array.isArray(type) ? type : [type];
}

function commonTypes(left: readonly JsonValue[], right: readonly JsonValue[]): JsonValue {
  const isAllowed = (type: JsonValue, by: readonly JsonValue[]) =>
    by.includes(type) || (type === 'integer' && by.includes('number'));
  return [
    ...new Set([...left.filter((type) => isAllowed(type, right)), ...right.filter((type) => isAllowed(type, left))]),
  ];
}

function tighter(keyword: string, left: JsonValue, right: JsonValue): JsonValue {
  if (typeof left !== 'number' || typeof right !== 'number') return right;
  return /^(?:min|exclusiveMin)/.test(keyword) ? Math.max(left, right) : Math.min(left, right);
}
