/**
 * Rewrites a tool's input schema to what the service accepts: an object at the root, no references, no choice at the
 * root, no null in place of a schema, none of the keywords that the wire profile removes. A property *named* like a
 * keyword is not a keyword, and data (`default`, `const`, `enum`, `examples`) is copied unchanged.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { referenced, SUBSCHEMA_KEYWORDS } from '../../core/json-schema.ts';
import type { AdjustmentRule } from './normalize/rules.ts';
import type { WireProfile } from './profiles.ts';
import { mergeRoot } from './schema-root.ts';

export type SchemaRule = Extract<AdjustmentRule, `tool-schema-${string}`>;
/** Rule → what it changed: keywords, references, property names. */
type SchemaChanges = Map<SchemaRule, Set<string>>;

export interface SanitizedSchema {
  readonly schema: JsonObject;
  /** Empty if the schema did not need to change. */
  readonly changes: SchemaChanges;
}

export function sanitizeSchema(schema: JsonValue | undefined, policy: WireProfile['schemas']): SanitizedSchema {
  const sanitizer = new Sanitizer(policy, schema);
  if (isJsonObject(schema)) return { schema: rooted(sanitizer.clean(schema), sanitizer), changes: sanitizer.changes };
  sanitizer.changed('tool-schema-missing');
  return { schema: { type: 'object', properties: {} }, changes: sanitizer.changes };
}

function rooted(cleaned: JsonObject, sanitizer: Sanitizer): JsonObject {
  const merged = mergeRoot(cleaned);
  if (merged !== cleaned) sanitizer.changed('tool-schema-root-merged');
  if (merged.type === 'object' && isJsonObject(merged.properties)) return merged;
  if (merged.type !== 'object') sanitizer.changed('tool-schema-root-object', 'type');
  if (!isJsonObject(merged.properties)) sanitizer.changed('tool-schema-root-object', 'properties');
  const { type: _type, properties, ...rest } = merged;
  return { type: 'object', properties: isJsonObject(properties) ? properties : {}, ...rest };
}

/** How to read a keyword's value. Unlisted keywords are read as schemas, which leaves plain values unchanged. */
const SHAPES: Readonly<Record<string, 'schema' | 'schema-list' | 'schema-map' | 'data' | 'bound' | 'required'>> = {
  ...SUBSCHEMA_KEYWORDS,
  contentSchema: 'schema',
  default: 'data',
  const: 'data',
  enum: 'data',
  examples: 'data',
  minimum: 'bound',
  maximum: 'bound',
  minLength: 'bound',
  maxLength: 'bound',
  minItems: 'bound',
  maxItems: 'bound',
  minProperties: 'bound',
  maxProperties: 'bound',
  multipleOf: 'bound',
  required: 'required',
};

/** Inlining can multiply a schema; beyond this many nodes, references are cut off. */
const MAX_NODES = 5_000;

class Sanitizer {
  readonly changes: SchemaChanges = new Map();
  readonly #policy: WireProfile['schemas'];
  readonly #root: JsonValue | undefined;
  /** References being inlined, outermost first. */
  readonly #open: string[] = [];
  #nodes = 0;

  constructor(policy: WireProfile['schemas'], root: JsonValue | undefined) {
    this.#policy = policy;
    this.#root = root;
  }

  changed(rule: SchemaRule, detail?: string): void {
    const details = this.changes.get(rule) ?? new Set();
    if (detail !== undefined) details.add(detail);
    this.changes.set(rule, details);
  }

  clean(schema: JsonObject): JsonObject {
    this.#nodes += 1;
    if (typeof schema.$ref === 'string') return this.#inline(schema, schema.$ref);
    const cleaned: Record<string, JsonValue> = {};
    for (const keyword in schema) {
      const next = this.#keyword(keyword, schema[keyword] as JsonValue); // its own member
      if (next !== undefined) define(cleaned, keyword, next);
    }
    return cleaned;
  }

  #keyword(keyword: string, value: JsonValue): JsonValue | undefined {
    if (keyword === '$defs' || keyword === 'definitions') {
      this.changed('tool-schema-ref-inlined', keyword);
      return undefined;
    }
    if (this.#policy.removedKeywords.has(keyword) || keyword === '$ref') {
      this.changed('tool-schema-keyword-removed', keyword);
      return undefined;
    }
    const shape = SHAPES[keyword];
    if (shape === 'data') return value;
    if (value === null) {
      this.changed('tool-schema-null-repaired', keyword);
      return undefined;
    }
    switch (shape) {
      case 'schema':
        return Array.isArray(value) ? this.#list(value) : this.#schema(value);
      case 'schema-list':
        return this.#list(value);
      case 'schema-map':
        return this.#map(keyword, value);
      case 'bound':
        return this.#bound(keyword, value);
      case 'required':
        return this.#required(value);
      default:
        return this.#unknown(keyword, value);
    }
  }

  /** An object or a boolean, both of which are schemas. Anything else allows everything. */
  #schema(value: JsonValue): JsonValue {
    if (isJsonObject(value)) return this.clean(value);
    if (typeof value === 'boolean') return value;
    this.changed('tool-schema-null-repaired', 'schema');
    return {};
  }

  #list(value: JsonValue): JsonValue | undefined {
    if (Array.isArray(value) && value.length > 0) return value.map((item: JsonValue) => this.#schema(item));
    this.changed('tool-schema-null-repaired', 'list');
    return undefined;
  }

  #map(keyword: string, value: JsonValue): JsonValue | undefined {
    if (!isJsonObject(value)) {
      this.changed('tool-schema-null-repaired', keyword);
      return undefined;
    }
    const cleaned: Record<string, JsonValue> = {};
    for (const name in value) define(cleaned, name, this.#schema(value[name] as JsonValue)); // its own member
    return cleaned;
  }

  #unknown(keyword: string, value: JsonValue): JsonValue {
    if (isJsonObject(value)) return this.clean(value);
    if (!Array.isArray(value)) return value;
    const items = value.filter((item: JsonValue) => item !== null);
    if (items.length < value.length) this.changed('tool-schema-null-repaired', keyword);
    return items.map((item: JsonValue) => (isJsonObject(item) ? this.clean(item) : item));
  }

  #bound(keyword: string, value: JsonValue): JsonValue | undefined {
    if (typeof value === 'number' && Math.abs(value) <= this.#policy.maxInteger) return value;
    this.changed('tool-schema-bound-removed', keyword);
    return undefined;
  }

  #required(value: JsonValue): JsonValue | undefined {
    const names = Array.isArray(value) ? value.filter((name: JsonValue) => typeof name === 'string') : [];
    const same = Array.isArray(value) && names.length === value.length;
    if (same && (names.length > 0 || !this.#policy.dropEmptyRequired)) return value;
    this.changed('tool-schema-required-dropped');
    return names.length > 0 ? names : undefined;
  }

  /** Keywords beside `$ref` apply too, and win. */
  #inline(schema: JsonObject, ref: string): JsonObject {
    const { $ref: _ref, ...beside } = schema;
    const target = referenced(this.#root, ref);
    const tooDeep = this.#open.length >= this.#policy.maxRefDepth || this.#nodes > MAX_NODES;
    if (!isJsonObject(target) || tooDeep || this.#open.includes(ref)) {
      this.changed('tool-schema-ref-cut', ref);
      return { ...(isJsonObject(target) ? shallow(target) : {}), ...this.clean(beside) };
    }
    this.changed('tool-schema-ref-inlined', ref);
    this.#open.push(ref);
    const inlined = this.clean(target);
    this.#open.pop();
    return { ...inlined, ...this.clean(beside) };
  }
}

/** A schema's own keywords, without nested schemas. */
function shallow(schema: JsonObject): JsonObject {
  const { type, description } = schema;
  return {
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  };
}

/** Plain assignment would set the prototype for a property called `__proto__`. */
function define(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
