/** Validates request bodies. Errors name the client's own field and the expected value. */
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';

/**
 * More than any real schema or argument. Later stages walk these values recursively and must not overflow the stack.
 */
const MAX_JSON_DEPTH = 128;

export function isShallow(value: unknown, levels: number = MAX_JSON_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isShallow(value[index], levels - 1)) return false;
    return true;
  }
  const members = value as Readonly<Record<string, unknown>>; // parsed from JSON
  for (const key in members) if (!isShallow(members[key], levels - 1)) return false;
  return true;
}

/** Validates the client's `value` at the path `at`. Throws `invalid_request`. */
export function check<T extends z.ZodType>(shape: T, value: unknown, at: string): z.output<T> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw refuse(at, 'does not have the expected shape.');
  throw refuse(pathOf(issue.path, at), expectation(issue, value));
}

/**
 * A list that stops at the first invalid element. `z.array` reports every invalid element, which can take more memory
 * than the list.
 */
export function listOf<T extends z.ZodType>(element: T) {
  return z.array(z.unknown()).transform((values, context): z.output<T>[] => {
    const elements: z.output<T>[] = [];
    for (const [i, value] of values.entries()) {
      const result = element.safeParse(value);
      if (!result.success) {
        for (const issue of result.error.issues.slice(0, 1))
          context.issues.push({ ...issue, input: value, path: [i, ...issue.path] } as z.core.$ZodRawIssue);
        return z.NEVER;
      }
      elements.push(result.data);
    }
    return elements;
  });
}

/** `what`: the expected value. An empty path means the body itself. */
export function refuse(path: string, what: string): GatewayError {
  if (path === '') return new GatewayError('invalid_request', `The request body: ${what}`);
  return new GatewayError('invalid_request', `${path}: ${what}`, { param: path });
}

/** For valid input that is not supported. `rule` lets a protocol use a more specific code. */
export function refuseUnsupported(path: string, what: string, rule?: string): GatewayError {
  return new GatewayError('unsupported_parameter', `${path}: ${what}`, { param: path, rule });
}

function pathOf(keys: readonly PropertyKey[], base: string): string {
  let path = base;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return path;
}

function expectation(issue: z.core.$ZodIssue, root: unknown): string {
  if (issue.path.length > 0 && valueAt(root, issue.path) === undefined) return 'a required field is missing.';
  if (issue.code === 'too_small') return issue.origin === 'number' ? atLeast(issue) : 'must not be empty.';
  return `${issue.message.replace(/^Invalid (?:input|option): /, '')}.`;
}

/** Numbers with a minimum are integers in all shapes. */
function atLeast({ minimum, inclusive }: z.core.$ZodIssueTooSmall): string {
  return `expected an integer of at least ${Number(minimum) + (inclusive ? 0 : 1)}.`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
