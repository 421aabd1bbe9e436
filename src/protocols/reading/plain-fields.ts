/**
 * Tells in one walk over a request's own fields whether they have to be validated, refused or noted, which few do. What
 * this walk accepts, the shape of the protocol accepts unchanged (plain-fields.test.ts).
 */
import type { z } from 'zod';
import { isJsonObject } from '../../core/json.ts';
import type { FieldSupport } from '../field-support.ts';
import { DIALECT_FIELD_SUPPORT, isNestedField, supportIn } from './fields.ts';

/** Values that a shape accepts unchanged. It may accept others too. */
export type PlainValue =
  | 'any'
  | 'text'
  | 'words'
  | 'flag'
  | 'list'
  | 'texts'
  | 'text-or-list'
  | 'integer'
  /** An object with this one member, a flag. */
  | 'include_usage'
  /** An object with this member, a text. */
  | 'user_id';

interface PlainField {
  readonly value: PlainValue;
  /** The field may cause a note. */
  readonly isNoted: boolean;
}

export type PlainFields = ReadonlyMap<string, PlainField>;

/** `values`: of fields in `shape`; those that are left out are always validated. */
export function plainFields(
  shape: z.ZodObject,
  own: Readonly<Record<string, FieldSupport>>,
  values: Readonly<Record<string, PlainValue>>,
): PlainFields {
  const fields = new Map<string, PlainField>();
  for (const field of Object.keys({ ...DIALECT_FIELD_SUPPORT, ...own })) {
    const support = supportIn(own, field);
    const value = Object.hasOwn(shape.shape, field) ? values[field] : (UNSHAPED[field] ?? 'any');
    if (value === undefined || support === 'refused') continue;
    const isNoted = support === 'noted' || (isNestedField(field) && value !== 'include_usage');
    fields.set(field, { value, isNoted });
  }
  return fields;
}

/** Fields of other dialects that are refused with other values. */
const UNSHAPED: Readonly<Record<string, PlainValue>> = { prompt: 'text' };

/**
 * `plain`: the request has the expected shape, and no field to refuse or note. `noted`: it has the shape, but a field
 * may have to be noted. `unknown`: the shape has to be checked.
 */
export function kindOfFields(request: unknown, fields: PlainFields): 'plain' | 'noted' | 'unknown' {
  if (!isJsonObject(request) || typeof request.model !== 'string') return 'unknown';
  let isNoted = false;
  for (const key in request) {
    const field = fields.get(key);
    if (field === undefined || !hasValue(request[key], field.value)) return 'unknown';
    if (field.isNoted) isNoted = true;
  }
  return isNoted ? 'noted' : 'plain';
}

function hasValue(value: unknown, expected: PlainValue): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'text':
      return typeof value === 'string';
    case 'words':
      return typeof value === 'string' && value !== '';
    case 'flag':
      return typeof value === 'boolean';
    case 'list':
      return Array.isArray(value);
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'text-or-list':
      return typeof value === 'string' || Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'include_usage':
      return isJsonObject(value) && typeof value.include_usage === 'boolean' && Object.keys(value).length === 1;
    case 'user_id':
      return isJsonObject(value) && typeof value.user_id === 'string';
  }
}
