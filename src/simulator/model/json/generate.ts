/** Generates a value that fits a JSON Schema: the first matching candidate. Equal schemas always get equal values. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { alternativesOf, listOf, openDocument, type SchemaDocument } from './alternatives.ts';
import { entriesOf, fits, isSame, schemasOfMember } from './fits.ts';
import { sampleOf } from './pattern-sample.ts';
import { stringsFor } from './strings.ts';

/** Undefined if none is found. */
export function generateJson(schema: JsonValue): JsonValue | undefined {
  return new Generator(isJsonObject(schema) ? schema : {}).first(schema, '', 0);
}

/** Below this depth, lists are as short as allowed and objects have only required members, because schemas may be recursive. */
const SHALLOW_DEPTH = 4;
const MAX_DEPTH = 24;
/** Maximum number of candidates; a hostile schema has infinitely many. */
const MAX_TRIED = 20_000;
const MAX_ITEMS = 1_000;

class Generator {
  readonly #document: SchemaDocument;
  #tried = 0;

  constructor(root: JsonObject) {
    this.#document = openDocument(root);
  }

  /** `name`: the property to generate a value for. */
  first(schema: JsonValue, name: string, depth: number): JsonValue | undefined {
    for (const value of this.#fitting(schema, name, depth)) return value;
    return undefined;
  }

  *#fitting(schema: JsonValue, name: string, depth: number): globalThis.Generator<JsonValue> {
    if (depth > MAX_DEPTH) return;
    for (const alternative of alternativesOf(schema, this.#document)) {
      for (const value of this.#valuesOf(alternative, name, depth)) {
        this.#tried += 1;
        if (this.#tried > MAX_TRIED) return;
        if (fits(value, schema, this.#document)) yield value;
      }
    }
  }

  *#valuesOf(schema: JsonObject, name: string, depth: number): globalThis.Generator<JsonValue> {
    if (schema.const !== undefined) yield schema.const;
    yield* listOf(schema.enum);
    for (const type of typesOf(schema)) yield* this.#valuesOfType(type, schema, name, depth);
  }

  *#valuesOfType(type: JsonValue, schema: JsonObject, name: string, depth: number): globalThis.Generator<JsonValue> {
    switch (type) {
      case 'object':
        yield* this.#objects(schema, depth);
        return;
      case 'array':
        yield* this.#arrays(schema, name, depth);
        return;
      case 'string':
        yield* stringsFor(schema, name);
        return;
      case 'integer':
      case 'number':
        yield* numbersFor(schema);
        return;
      case 'boolean':
        yield* [true, false];
        return;
      default:
        yield null;
    }
  }

  /** First with every declared property, then with only the required ones. */
  *#objects(schema: JsonObject, depth: number): globalThis.Generator<JsonValue> {
    const declared = entriesOf(schema.properties).map(([name]) => name);
    const required = listOf(schema.required).filter((name) => typeof name === 'string');
    const whole = [...new Set([...declared, ...required])];
    for (const names of depth < SHALLOW_DEPTH ? [whole, required] : [required]) {
      const object = this.#object(names, schema, depth);
      if (object) yield object;
    }
  }

  #object(names: readonly string[], schema: JsonObject, depth: number): JsonObject | undefined {
    const dependent = entriesOf(schema.dependentRequired).flatMap(([name, more]) => (names.includes(name) ? more : []));
    const wanted = new Set([...names, ...dependent.flatMap(listOf).filter((name) => typeof name === 'string')]);
    const least = typeof schema.minProperties === 'number' ? Math.min(schema.minProperties, MAX_ITEMS) : 0;
    for (let extra = 1; wanted.size < least && extra <= MAX_ITEMS; extra++) wanted.add(extraName(schema, extra));
    const members: [string, JsonValue][] = [];
    for (const name of wanted) {
      const value = this.first({ allOf: [...schemasOfMember(name, schema)] }, name, depth + 1);
      if (value !== undefined) members.push([name, value]);
      else if (listOf(schema.required).includes(name)) return undefined;
    }
    return Object.fromEntries(members);
  }

  /** First with one item or the minimum number, then with none. */
  *#arrays(schema: JsonObject, name: string, depth: number): globalThis.Generator<JsonValue> {
    const { minItems, contains, minContains = 1, items = true } = schema;
    const prefix = listOf(schema.prefixItems);
    const contained = contains === undefined ? 0 : Number(minContains);
    const least = Math.min(Math.max(typeof minItems === 'number' ? minItems : 0, contained), MAX_ITEMS);
    const usual = depth < SHALLOW_DEPTH ? Math.max(least, prefix.length, items === false ? 0 : 1) : least;
    for (const length of [usual, least]) {
      const list: JsonValue[] = [];
      for (let at = 0; at < length; at++) {
        const own = prefix[at] ?? items;
        const wanted = contains !== undefined && at >= length - contained ? { allOf: [own, contains] } : own;
        const value = this.#item(wanted, schema.uniqueItems === true ? list : [], name, depth);
        if (value === undefined) break;
        list.push(value);
      }
      yield list;
    }
  }

  #item(schema: JsonValue, others: readonly JsonValue[], name: string, depth: number): JsonValue | undefined {
    for (const value of this.#fitting(schema, name, depth + 1)) {
      if (!others.some((other) => isSame(other, value))) return value;
    }
    return undefined;
  }
}

/** Without a type, tries the types that the other keywords imply first. */
function typesOf(schema: JsonObject): readonly JsonValue[] {
  if (schema.type !== undefined) return Array.isArray(schema.type) ? schema.type : [schema.type];
  const has = (pattern: RegExp) => Object.keys(schema).some((keyword) => pattern.test(keyword));
  const likely = [
    ...(has(/propert|^required$|^dependent/i) ? ['object'] : []),
    ...(has(/items|contains/i) ? ['array'] : []),
    ...(has(/imum$|^multipleOf$/i) ? ['number'] : []),
  ];
  return [...new Set([...likely, 'string', 'integer', 'boolean', 'null', 'object', 'array'])];
}

function* numbersFor(schema: JsonObject): globalThis.Generator<number> {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const lower = [minimum, exclusiveMinimum].filter((bound) => typeof bound === 'number');
  const upper = [maximum, exclusiveMaximum].filter((bound) => typeof bound === 'number');
  const step = typeof multipleOf === 'number' && multipleOf > 0 ? multipleOf : 1;
  const start = lower.length > 0 ? Math.ceil(Math.max(...lower) / step) * step : step;
  for (let at = 0; at < NUMBERS; at++) yield start + at * step;
  if (upper.length > 0) {
    const end = Math.floor(Math.min(...upper) / step) * step;
    for (let at = 0; at < NUMBERS; at++) yield end - at * step;
  }
  // In case no integer fits.
  yield* [...lower, ...upper];
  if (lower.length > 0 && upper.length > 0) yield (Math.max(...lower) + Math.min(...upper)) / 2;
}

/** Number of distinct values, for lists with unique items and overlapping branches. */
const NUMBERS = 12;

/** Names for members beyond the declared ones. */
function extraName(schema: JsonObject, number: number): string {
  const [pattern] = entriesOf(schema.patternProperties)[0] ?? [];
  const sample = pattern === undefined || schema.additionalProperties !== false ? undefined : sampleOf(pattern);
  if (sample !== undefined) return `${sample}${number}`;
  const { propertyNames } = schema;
  const mostChars = isJsonObject(propertyNames) ? Number(propertyNames.maxLength ?? 20) : 20;
  return `extra${number}`.slice(-mostChars);
}
