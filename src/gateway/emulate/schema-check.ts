/**
 * Checks values against a client's JSON Schema with Ajv: drafts 6, 7 and 2020-12, formats included.
 *
 * Schemas and answers come from outside, and a malicious pattern can run for hours. Compiling and checking therefore have
 * a time limit, so that one client's schema cannot block all other requests.
 */
import { createContext, Script } from 'node:vm';
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { type Location, locationOf, pointerOf } from '../../core/json-schema.ts';
import { PartialSchema } from './partial-schema.ts';

export interface SchemaCheck {
  /** One message per violation, with its path; empty if the value is valid. Throws `output_invalid` at the time limit. */
  problems(value: unknown): readonly string[];
  /** JSON pointers to the parts of the schema that could not be compiled and are not checked. */
  readonly unchecked: readonly string[];
}

/** Throws `invalid_request` naming `at` if no part of the schema can be checked. */
export function compileSchema(schema: JsonObject, at: string, limitMs = LIMIT_MS): SchemaCheck {
  const { validate, leftOut } = compile(schema, at, limitMs);
  return {
    unchecked: leftOut.map(pointerOf),
    problems(value) {
      if (!isShallow(value)) return [`the value is nested deeper than ${MAX_DEPTH} levels`];
      const fits = within(limitMs, () => validate(value));
      if (fits === undefined)
        throw new GatewayError(
          'output_invalid',
          `Checking the model's answer against the JSON schema took longer than ${limitMs / 1000} s. ` +
            'Simplify the patterns in the schema.',
          { rule: OUT_OF_TIME },
        );
      return fits ? [] : describe(validate.errors ?? []);
    },
  };
}

/** Ajv's compiled check is recursive: deeper values would overflow the stack. */
const MAX_DEPTH = 500;

function isShallow(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((child) => isShallow(child, levels - 1));
}

/** Applies to compiling and to each check separately. */
const LIMIT_MS = 1_000;
/** Rule of the errors that more time might have avoided. */
const OUT_OF_TIME = 'schema-check-time';

export function isOutOfTime(cause: unknown): boolean {
  return cause instanceof GatewayError && cause.rule === OUT_OF_TIME;
}

/** Compiles the meta-schema of the schema's draft, once per process. Takes up to 40 ms. */
export function prepareDraft(schema: JsonObject): void {
  draftOf(schema);
}

interface Compiled {
  readonly validate: ValidateFunction;
  readonly leftOut: readonly Location[];
}

function compile(schema: JsonObject, at: string, limitMs: number): Compiled {
  // isOldDraft has read the dialect. `$async` is an Ajv extension that would make the check return a promise.
  const { $schema: _dialect, $async: _async, ...rest } = schema;
  let why = 'is too complicated to check. Simplify it.';
  let rule: string | undefined;
  try {
    const draft = draftOf(schema);
    const compiled = within(limitMs, () => compilePart(rest, draft));
    if (compiled) return compiled;
    rule = OUT_OF_TIME;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    why = `is not a JSON Schema that can be checked: ${message.slice(0, 300)}.`;
  }
  throw new GatewayError('invalid_request', `${at}: ${why}`, { param: at, rule });
}

interface Draft {
  /** Creates an instance for one schema, so that its identifiers cannot be referenced by another client's schema. */
  create(schema: JsonObject): Ajv | Ajv2020;
  /** Validates schemas without adding them, so that the meta-schema is compiled only once. */
  readonly metaSchema: Ajv | Ajv2020;
}

const drafts = new Map<typeof Ajv | typeof Ajv2020, Draft>();

function draftOf(schema: JsonObject): Draft {
  const Version = isOldDraft(schema) ? Ajv : Ajv2020;
  const create = (forSchema: JsonObject) => {
    const ajv = formats.default(new Version(OPTIONS));
    // Off unless needed, because Ajv's code for it throws on some values (see isMiscompiled). The constructor turns it on.
    ajv.opts.unevaluated = mentions(forSchema, 'unevaluatedProperties', 'unevaluatedItems');
    return ajv;
  };
  const draft = drafts.get(Version) ?? { create, metaSchema: formats.default(new Version(OPTIONS)) };
  drafts.set(Version, draft);
  // Compiles the meta-schema now, outside the time limit of the client's schema.
  draft.metaSchema.validateSchema({});
  return draft;
}

/** Compiles the schema, leaving out parts that cannot be compiled. Throws Ajv's error if those cannot be isolated. */
function compilePart(schema: JsonObject, draft: Draft): Compiled {
  const complete = attempt(draft, schema);
  if (typeof complete === 'function') return { validate: complete, leftOut: [] };

  const partial = new PartialSchema(schema);
  let cause = complete.cause;
  for (const leaveOut of STEPS) {
    const before = partial.leftOut.length;
    leaveOut(partial, draft.metaSchema);
    if (partial.leftOut.length === before) continue;
    const result = attempt(draft, partial.schema);
    if (typeof result !== 'function') {
      cause = result.cause;
      continue;
    }
    partial.relax();
    return { validate: draft.create(partial.schema).compile(partial.schema), leftOut: partial.leftOut };
  }
  throw cause;
}

function attempt({ create, metaSchema }: Draft, schema: JsonObject): ValidateFunction | { readonly cause: unknown } {
  try {
    if (!metaSchema.validateSchema(schema)) return { cause: new Error(metaSchema.errorsText()) };
    if (isMiscompiled(schema)) return { cause: new Error('unevaluatedProperties cannot be checked here') };
    return create(schema).compile(schema);
  } catch (cause) {
    return { cause };
  }
}

/**
 * Ajv 8.20 keeps the properties evaluated by `oneOf`, `anyOf` or `if` in a variable that may be unset when
 * `patternProperties` next to it reads it; the check then throws a TypeError.
 */
function isMiscompiled(schema: JsonObject): boolean {
  return (
    mentions(schema, 'unevaluatedProperties') &&
    mentions(schema, 'patternProperties') &&
    mentions(schema, 'oneOf', 'anyOf', 'if')
  );
}

function mentions(schema: JsonObject, ...keywords: readonly string[]): boolean {
  const json = JSON.stringify(schema);
  return keywords.some((keyword) => json.includes(`"${keyword}":`));
}

/** Removes what the meta-schema rejects, and what Ajv rejects beyond that. */
function leaveOutInvalid(partial: PartialSchema, metaSchema: Draft['metaSchema']): void {
  metaSchema.validateSchema(partial.schema);
  for (const { instancePath, keyword, params } of metaSchema.errors ?? []) {
    const location = locationOf(instancePath);
    const isNotSchema =
      keyword === 'type' && `${params.type}`.includes('object') && `${params.type}`.includes('boolean');
    if (isNotSchema) partial.acceptAnything(location);
    else partial.leaveOut(location);
  }
  partial.leaveOutWhere((keyword, value, { type }) => {
    switch (keyword) {
      case 'pattern':
        return typeof value === 'string' && !isPattern(value);
      case 'patternProperties':
        return isJsonObject(value) && !Object.keys(value).every(isPattern);
      case 'enum':
        return Array.isArray(value) && value.length === 0;
      case 'nullable':
        return type === undefined || (value === false && [type].flat().includes('null'));
      case 'unevaluatedProperties':
        return isMiscompiled(partial.schema);
      case 'id':
      case '$async':
        return true;
      default:
        return false;
    }
  });
}

const REFERENCES: readonly string[] = ['$ref', '$dynamicRef'];
const IDENTIFIERS: readonly string[] = ['$id', '$anchor', '$dynamicAnchor'];

/** Applied one after another until the schema compiles. */
const STEPS: readonly ((partial: PartialSchema, metaSchema: Draft['metaSchema']) => void)[] = [
  leaveOutInvalid,
  (partial) =>
    partial.leaveOutWhere(
      (keyword, value) => REFERENCES.includes(keyword) && typeof value === 'string' && !partial.resolves(value),
    ),
  (partial) => partial.leaveOutWhere((keyword) => IDENTIFIERS.includes(keyword)),
  (partial) => partial.leaveOutWhere((keyword) => REFERENCES.includes(keyword)),
];

/** Draft 2020-12 changed some keywords: it does not allow a list of schemas under `items`, for example. */
function isOldDraft({ $schema: dialect }: JsonObject): boolean {
  return typeof dialect === 'string' && /draft-0[4-7]/.test(dialect);
}

const OPTIONS: Options = {
  allErrors: true,
  // The standard treats unknown keywords and formats as annotations.
  strict: false,
  validateSchema: false,
  logger: false,
  code: { regExp: Object.assign(toRegExp, { code: 'new RegExp' }) },
};

/** Patterns written for the older grammar of JavaScript are not valid under the `u` flag. */
function toRegExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch (cause) {
    if (FOREIGN_ESCAPE.test(pattern)) throw cause;
    return new RegExp(pattern);
  }
}

/** `\A`, `\Z` and the like of Python, Java and PCRE; without the `u` flag JavaScript reads them as plain letters. */
const FOREIGN_ESCAPE = /(?<!\\)(?:\\\\)*\\[ACE-RT-VX-Zaeg-jlmo-qyz]/;

function isPattern(pattern: string): boolean {
  try {
    toRegExp(pattern, 'u');
    return true;
  } catch {
    return false;
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

/** Details that Ajv's own message lacks and the model needs for a second attempt. */
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

/** The time limit of node:vm interrupts everything called from the script, including regular expressions. */
const timer: { work: () => void } = { work: () => {} };
const context = createContext(timer);
const script = new Script('work()');

/** Runs `work` and returns its result, or undefined at the time limit. */
function within<T>(timeoutMs: number, work: () => T): T | undefined {
  let result: T | undefined;
  timer.work = () => {
    result = work();
  };
  try {
    script.runInContext(context, { timeout: timeoutMs });
    return result;
  } catch (cause) {
    if (isTimeout(cause)) return undefined;
    throw cause;
  } finally {
    timer.work = () => {};
  }
}

/** Not `instanceof Error`: the error may come from the script's own context. */
function isTimeout(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && Reflect.get(cause, 'code') === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
