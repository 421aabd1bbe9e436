/** Wire shapes as data, and validation of values against them. */
import { isJsonObject, type JsonValue } from '../../core/json.ts';

export type Shape =
  | {
      readonly type: 'string';
      readonly minChars?: number;
      readonly maxChars?: number;
      readonly values?: readonly string[];
      readonly pattern?: RegExp;
    }
  | { readonly type: 'integer'; readonly least?: number; readonly most?: number }
  | { readonly type: 'boolean' }
  /** Base64. */
  | { readonly type: 'blob' }
  /** Any JSON; its nulls and empty lists are data. */
  | { readonly type: 'document' }
  | { readonly type: 'list'; readonly of: Shape; readonly most?: number }
  | {
      readonly type: 'structure';
      readonly members: Readonly<Record<string, Shape>>;
      readonly required: readonly string[];
    }
  /** Exactly one of the members. */
  | { readonly type: 'union'; readonly members: Readonly<Record<string, Shape>> };

export type ShapeFaultKind =
  | 'unknown-member'
  | 'null-member'
  | 'missing-member'
  | 'wrong-type'
  | 'empty'
  | 'not-one-of'
  | 'limit';

export interface ShapeFault {
  readonly kind: ShapeFaultKind;
  readonly path: string;
}

export function findShapeFaults(value: JsonValue, shape: Shape, path = '$'): ShapeFault[] {
  const faults: ShapeFault[] = [];
  walk(value, shape, path, faults);
  return faults;
}

function walk(value: JsonValue, shape: Shape, path: string, faults: ShapeFault[]): void {
  const report = (kind: ShapeFaultKind) => faults.push({ kind, path });
  switch (shape.type) {
    case 'string':
      if (typeof value !== 'string') return void report('wrong-type');
      if (shape.values && !shape.values.includes(value)) return void report('not-one-of');
      if (!within(value.length, shape.minChars, shape.maxChars) || shape.pattern?.test(value) === false)
        report('limit');
      return;
    case 'integer':
      if (!Number.isInteger(value)) return void report('wrong-type');
      if (!within(Number(value), shape.least, shape.most)) report('limit');
      return;
    case 'boolean':
      if (typeof value !== 'boolean') report('wrong-type');
      return;
    case 'blob':
      if (typeof value !== 'string' || !isBase64(value)) report('wrong-type');
      return;
    case 'document':
      return;
    case 'list':
      if (!Array.isArray(value)) return void report('wrong-type');
      if (value.length === 0) return void report('empty');
      if (shape.most !== undefined && value.length > shape.most) report('limit');
      for (const [index, item] of value.entries()) {
        if (item === null) faults.push({ kind: 'null-member', path: `${path}[${index}]` });
        else walk(item, shape.of, `${path}[${index}]`, faults);
      }
      return;
    case 'structure':
    case 'union':
      walkMembers(value, shape, path, faults);
  }
}

function walkMembers(
  value: JsonValue,
  shape: Extract<Shape, { type: 'structure' | 'union' }>,
  path: string,
  faults: ShapeFault[],
): void {
  if (!isJsonObject(value)) {
    faults.push({ kind: 'wrong-type', path });
    return;
  }
  if (shape.type === 'structure' && shape.required.length === 0 && Object.keys(value).length === 0)
    faults.push({ kind: 'empty', path });
  for (const [name, member] of Object.entries(value)) {
    const inner = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
    if (!inner) faults.push({ kind: 'unknown-member', path: `${path}.${name}` });
    else if (member === null) faults.push({ kind: 'null-member', path: `${path}.${name}` });
    else walk(member, inner, `${path}.${name}`, faults);
  }
  if (shape.type === 'structure') {
    for (const name of shape.required)
      if (!Object.hasOwn(value, name)) faults.push({ kind: 'missing-member', path: `${path}.${name}` });
  } else if (Object.keys(value).filter((name) => Object.hasOwn(shape.members, name)).length !== 1) {
    faults.push({ kind: 'missing-member', path });
  }
}

function within(size: number, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): boolean {
  return size >= least && size <= most;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
