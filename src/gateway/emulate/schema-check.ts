/**
 * Checks values against a client's JSON Schema, with Ajv: drafts 6, 7 and 2020-12, formats included.
 *
 * Schemas and answers come from outside, and a pattern can be made to take hours: both compiling and checking run
 * under a time limit, so that one client's schema cannot stop everybody's gateway.
 */
import { createContext, Script } from 'node:vm';
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';

export interface SchemaCheck {
  /** What is wrong with the value, each with its place; empty when it fits. Throws `output_invalid` out of time. */
  problems(value: unknown): readonly string[];
}

/** Throws `invalid_request` naming `at` when the schema is none. */
export function compileSchema(schema: JsonObject, at: string): SchemaCheck {
  const validate = compile(schema, at);
  return {
    problems(value) {
      if (!isShallow(value)) return [`the value is nested deeper than ${MAX_DEPTH} levels`];
      const fits = within(CHECK_MS, () => validate(value));
      if (fits === undefined)
        throw new GatewayError(
          'output_invalid',
          `Checking the model's answer against the JSON schema took longer than ${CHECK_MS / 1000} s. ` +
            'Simplify the patterns in the schema.',
        );
      return fits ? [] : describe(validate.errors ?? []);
    },
  };
}

/** The check goes down into values by calling itself. */
const MAX_DEPTH = 500;

function isShallow(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((child) => isShallow(child, levels - 1));
}

const COMPILE_MS = 1_000;
const CHECK_MS = 1_000;

function compile(schema: JsonObject, at: string): ValidateFunction {
  const Draft = isOldDraft(schema) ? Ajv : Ajv2020;
  // The dialect is chosen already, and an id would be looked up in other schemas.
  const { $schema: _dialect, ...rest } = schema;
  let why = 'is too complicated to be checked; simplify it.';
  try {
    const validate = within(COMPILE_MS, () => formats.default(new Draft(OPTIONS)).compile(rest));
    if (validate) return validate;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    why = `is no JSON Schema which can be checked: ${said.slice(0, 300)}.`;
  }
  throw new GatewayError('invalid_request', `${at}: ${why}`, { param: at });
}

/** Lists of schemas under `items` and the like mean something else, or nothing, since 2020-12. */
function isOldDraft({ $schema: dialect }: JsonObject): boolean {
  return typeof dialect === 'string' && /draft-0[4-7]/.test(dialect);
}

const OPTIONS: Options = {
  allErrors: true,
  // Unknown keywords and formats are annotations, as the standard has it.
  strict: false,
  logger: false,
  code: { regExp: Object.assign(toRegExp, { code: 'new RegExp' }) },
};

/** Patterns written for the older grammar of JavaScript are not valid under the `u` flag. */
function toRegExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

const MAX_PROBLEMS = 12;

function describe(errors: readonly ErrorObject[]): readonly string[] {
  const problems = errors.map(({ instancePath, message = 'is not valid', keyword, params }) => {
    const place = instancePath === '' ? 'the value' : instancePath.slice(0, 200);
    return `${place} ${message}${detailOf(keyword, params)}`;
  });
  const distinct = [...new Set(problems)];
  const shown = distinct.slice(0, MAX_PROBLEMS);
  return distinct.length > shown.length ? [...shown, `and ${distinct.length - shown.length} more`] : shown;
}

/** What Ajv's own message leaves out and a second try needs to know. */
function detailOf(keyword: string, params: Readonly<Record<string, unknown>>): string {
  switch (keyword) {
    case 'enum':
      return `: ${JSON.stringify(params.allowedValues).slice(0, 400)}`;
    case 'const':
      return `: ${JSON.stringify(params.allowedValue).slice(0, 400)}`;
    case 'additionalProperties':
      return `: ${JSON.stringify(params.additionalProperty)}`;
    case 'unevaluatedProperties':
      return `: ${JSON.stringify(params.unevaluatedProperty)}`;
    default:
      return '';
  }
}

/** The time limit of node:vm stops everything on this thread which was begun inside it, regular expressions too. */
const timer: { work: () => void } = { work: () => {} };
const room = createContext(timer);
const script = new Script('work()');

/** The work's result, or undefined when it took too long. */
function within<T>(timeoutMs: number, work: () => T): T | undefined {
  let result: T | undefined;
  timer.work = () => {
    result = work();
  };
  try {
    script.runInContext(room, { timeout: timeoutMs });
    return result;
  } catch (cause) {
    if (isTimeout(cause)) return undefined;
    throw cause;
  } finally {
    timer.work = () => {};
  }
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
