/** Checks a value against a JSON Schema, ignoring annotations and formats. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { hasType } from '../../rules/json-schema.ts';
import { listOf, resolve, type SchemaDocument } from './alternatives.ts';

export function fits(value: JsonValue, schema: JsonValue, document: SchemaDocument): boolean {
  if (typeof schema === 'boolean') return schema;
  if (!isJsonObject(schema)) return false;
  if (typeof schema.$ref === 'string' && !fitsReference(value, schema.$ref, document)) return false;
  return (
    fitsItself(value, schema) &&
    fitsApplicators(value, schema, document) &&
    (typeof value !== 'number' || fitsNumber(value, schema)) &&
    (typeof value !== 'string' || fitsString(value, schema)) &&
    (!Array.isArray(value) || fitsArray(value, schema, document)) &&
    (!isJsonObject(value) || fitsObject(value, schema, document))
  );
}

function fitsReference(value: JsonValue, reference: string, document: SchemaDocument): boolean {
  document.expansions -= 1;
  if (document.expansions < 0 || document.openReferences >= MAX_OPEN_REFERENCES) return false;
  document.openReferences += 1;
  const isFit = fits(value, resolve(reference, document.root), document);
  document.openReferences -= 1;
  return isFit;
}

/** More than the depth of any value. */
const MAX_OPEN_REFERENCES = 200;

export function isSame(left: JsonValue, right: JsonValue): boolean {
  return canonical(left) === canonical(right);
}

function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function fitsItself(value: JsonValue, { type, enum: allowed, const: only }: JsonObject): boolean {
  const types = typeof type === 'string' ? [type] : listOf(type);
  if (types.length > 0 && !types.some((name) => hasType(value, name))) return false;
  if (Array.isArray(allowed) && !allowed.some((one) => isSame(one, value))) return false;
  return only === undefined || isSame(only, value);
}

function fitsApplicators(value: JsonValue, schema: JsonObject, document: SchemaDocument): boolean {
  const isFit = (inner: JsonValue) => fits(value, inner, document);
  const { allOf, anyOf, oneOf, not, if: condition, then, else: otherwise } = schema;
  if (!listOf(allOf).every(isFit)) return false;
  if (Array.isArray(anyOf) && !anyOf.some(isFit)) return false;
  if (Array.isArray(oneOf) && oneOf.filter(isFit).length !== 1) return false;
  if (not !== undefined && isFit(not)) return false;
  return condition === undefined || isFit((isFit(condition) ? then : otherwise) ?? true);
}

function fitsNumber(value: number, schema: JsonObject): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === 'number' && value < minimum) return false;
  if (typeof maximum === 'number' && value > maximum) return false;
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return false;
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) return false;
  return typeof multipleOf !== 'number' || Number.isInteger(value / multipleOf);
}

function fitsString(value: string, { minLength, maxLength, pattern }: JsonObject): boolean {
  const { length } = [...value];
  if (typeof minLength === 'number' && length < minLength) return false;
  if (typeof maxLength === 'number' && length > maxLength) return false;
  return typeof pattern !== 'string' || matches(pattern, value);
}

/** Compiles a pattern, in Unicode mode if valid there. A pattern invalid in JavaScript matches nothing. */
export function matches(pattern: string, text: string): boolean {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags).test(text);
    } catch {
      // Other languages allow more escapes than Unicode mode does.
    }
  }
  return false;
}

function fitsArray(value: readonly JsonValue[], schema: JsonObject, document: SchemaDocument): boolean {
  const { minItems, maxItems, uniqueItems, items, contains, minContains = 1, maxContains } = schema;
  if (typeof minItems === 'number' && value.length < minItems) return false;
  if (typeof maxItems === 'number' && value.length > maxItems) return false;
  if (uniqueItems === true && new Set(value.map(canonical)).size !== value.length) return false;
  const prefix = listOf(schema.prefixItems);
  if (!value.every((item, at) => fits(item, prefix[at] ?? items ?? true, document))) return false;
  if (contains === undefined) return true;
  const found = value.filter((item) => fits(item, contains, document)).length;
  return found >= Number(minContains) && (typeof maxContains !== 'number' || found <= maxContains);
}

function fitsObject(value: JsonObject, schema: JsonObject, document: SchemaDocument): boolean {
  const names = Object.keys(value);
  const { minProperties, maxProperties, propertyNames, dependentRequired, dependentSchemas } = schema;
  if (typeof minProperties === 'number' && names.length < minProperties) return false;
  if (typeof maxProperties === 'number' && names.length > maxProperties) return false;
  const has = (name: JsonValue) => typeof name === 'string' && Object.hasOwn(value, name);
  if (!listOf(schema.required).every(has)) return false;
  if (propertyNames !== undefined && !names.every((name) => fits(name, propertyNames, document))) return false;
  if (!entriesOf(dependentRequired).every(([name, needed]) => !has(name) || listOf(needed).every(has))) return false;
  if (!entriesOf(dependentSchemas).every(([name, inner]) => !has(name) || fits(value, inner, document))) return false;
  return Object.entries(value).every(([name, member]) =>
    schemasOfMember(name, schema).every((inner) => fits(member, inner, document)),
  );
}

/** The schemas for a member: its own and those of matching patterns, or else that of additional properties. */
export function schemasOfMember(name: string, schema: JsonObject): readonly JsonValue[] {
  const { properties, patternProperties, additionalProperties = true } = schema;
  const own = isJsonObject(properties) && Object.hasOwn(properties, name) ? [properties[name] ?? true] : [];
  const matching = entriesOf(patternProperties).filter(([pattern]) => matches(pattern, name));
  const named = [...own, ...matching.map(([, inner]) => inner)];
  return named.length > 0 ? named : [additionalProperties];
}

export function entriesOf(members: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return isJsonObject(members) ? Object.entries(members) : [];
}
