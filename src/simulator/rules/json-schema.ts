/** The subset of JSON Schema that the catalogue's schemas for model settings use. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** The path of the first violation, or undefined if valid. */
export function findSchemaFault(value: JsonValue, schema: JsonObject, path: string): string | undefined {
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return path;
  if (typeof schema.type === 'string' && !hasType(value, schema.type)) return path;
  if (typeof value === 'number' && !isWithin(value, schema)) return path;
  return isJsonObject(value) ? findMemberFault(value, schema, path) : undefined;
}

function findMemberFault(value: JsonObject, schema: JsonObject, path: string): string | undefined {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const name of required) if (typeof name === 'string' && !Object.hasOwn(value, name)) return `${path}.${name}`;
  for (const [name, member] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (inner === undefined && schema.additionalProperties === false) return `${path}.${name}`;
    const fault = isJsonObject(inner) ? findSchemaFault(member, inner, `${path}.${name}`) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isWithin(value: number, { minimum, maximum }: JsonObject): boolean {
  return !(typeof minimum === 'number' && value < minimum) && !(typeof maximum === 'number' && value > maximum);
}

/** The JSON Schema `type` of a value. */
export function hasType(value: JsonValue, type: JsonValue): boolean {
  switch (type) {
    case 'object':
      return isJsonObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}
