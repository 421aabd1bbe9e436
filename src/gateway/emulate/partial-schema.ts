/**
 * A JSON Schema without the keywords that cannot be compiled: regular expressions of another language, unresolvable
 * references, values of another draft.
 *
 * The remaining schema must accept everything that the whole schema accepts, so removing one keyword may require removing
 * others: `not` around a weaker schema would be stronger, and without `properties` every property would be additional.
 */

import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { type Location, referenced, SUBSCHEMA_KEYWORDS, valueAt } from '../../core/json-schema.ts';

export class PartialSchema {
  readonly schema: JsonObject;
  /** Keywords, and values that should be schemas, in the order of removal. */
  readonly leftOut: Location[] = [];

  constructor(schema: JsonObject) {
    this.schema = structuredClone(schema);
  }

  /** Removes the keyword that contains the value at this location; for a list item, the whole list. */
  leaveOut(location: Location): void {
    for (let length = location.length; length > 0; length--) {
      const parent = valueAt(this.schema, location.slice(0, length - 1));
      if (!isJsonObject(parent)) continue;
      this.#remove(parent, location.slice(0, length));
      return;
    }
  }

  /** Removes every keyword for which `fits` returns true. */
  leaveOutWhere(fits: (keyword: string, value: JsonValue, schema: JsonObject) => boolean): void {
    for (const { node, location } of subschemas(this.schema, []))
      for (const [keyword, value] of Object.entries(node))
        if (fits(keyword, value, node)) this.#remove(node, [...location, keyword]);
  }

  /** Replaces a value that should be a schema, and is not, with `true`. */
  acceptAnything(location: Location): void {
    const parent = valueAt(this.schema, location.slice(0, -1));
    const key = location.at(-1);
    if (key === undefined || typeof parent !== 'object' || valueAt(this.schema, location) === true) return;
    Object.assign(parent ?? {}, { [key]: true });
    this.leftOut.push(location);
  }

  /** True if the reference points into this schema. Anchors and identifiers are not looked up. */
  resolves(reference: string): boolean {
    return referenced(this.schema, reference) !== undefined;
  }

  /** Removes or weakens keywords that would reject more than before because something inside them was removed. */
  relax(): void {
    if (this.leftOut.length === 0) return;
    for (const { node, location } of [...subschemas(this.schema, [])]) this.#relax(node, location);
  }

  #relax(node: JsonObject, location: Location): void {
    const removeIf = (keyword: string, isUnsafe: boolean) => {
      if (isUnsafe && keyword in node) this.#remove(node, [...location, keyword]);
    };
    removeIf('unevaluatedProperties', true);
    removeIf('unevaluatedItems', true);
    removeIf('not', this.#isWeakened(node, location, 'not'));
    removeIf('if', this.#isWeakened(node, location, 'if'));
    removeIf('maxContains', this.#isWeakened(node, location, 'contains'));
    const { oneOf, allOf } = node;
    if (!Array.isArray(oneOf) || !this.#isWeakened(node, location, 'oneOf')) return;
    this.#remove(node, [...location, 'oneOf']);
    Object.assign(node, { allOf: [...(Array.isArray(allOf) ? allOf : []), { anyOf: oneOf }] });
  }

  /** Treats a reference as weakened, because its target may be. */
  #isWeakened(node: JsonObject, location: Location, keyword: string): boolean {
    const value = node[keyword];
    if (value === undefined) return false;
    const at = [...location, keyword];
    const isInside = (left: Location) => at.every((key, index) => left[index] === key);
    return this.leftOut.some(isInside) || JSON.stringify(value).includes('"$ref"');
  }

  #remove(parent: JsonObject, location: Location): void {
    const key = location.at(-1);
    if (key === undefined || !Object.hasOwn(parent, key)) return;
    Reflect.deleteProperty(parent, key);
    this.leftOut.push(location);
    for (const other of DEPENDENT_KEYWORDS[key] ?? []) this.#remove(parent, [...location.slice(0, -1), other]);
  }
}

/** Keywords that reject more when the one that is the key here is missing. */
const DEPENDENT_KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  properties: ['additionalProperties'],
  patternProperties: ['additionalProperties'],
  prefixItems: ['items'],
  items: ['additionalItems'],
  minContains: ['contains'],
};

interface Subschema {
  readonly node: JsonObject;
  readonly location: Location;
}

/** A member of `dependencies` is a schema or a list of names; the lists are skipped. */
const KEYWORDS = Object.entries({
  ...SUBSCHEMA_KEYWORDS,
  $defs: 'schema-map',
  definitions: 'schema-map',
  dependencies: 'schema-map',
} as const);

/** A schema and its subschemas. Follows only keywords that take schemas: a property called `not` is not a keyword. */
function* subschemas(node: JsonValue | undefined, location: Location): Generator<Subschema> {
  if (!isJsonObject(node)) return;
  yield { node, location };
  for (const [keyword, kind] of KEYWORDS) {
    const value = node[keyword];
    if (kind === 'schema-map' ? isJsonObject(value) : Array.isArray(value)) {
      for (const [key, child] of Object.entries(value ?? {})) yield* subschemas(child, [...location, keyword, key]);
    } else if (kind === 'schema') {
      yield* subschemas(value, [...location, keyword]);
    }
  }
}
