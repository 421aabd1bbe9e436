import { describe, expect, it } from 'vitest';
import { SCHEMA_CASES } from '../../../test/conformance/json-schemas.ts';
import { scaled } from '../../../test/support/scale.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { compileSchema } from './schema-check.ts';

const text = { type: 'string' };

interface Case {
  readonly name: string;
  readonly schema: JsonObject;
  readonly unchecked: readonly string[];
  readonly accepts: readonly JsonValue[];
  /** A value that the rest of the schema still rejects. */
  readonly refuses: readonly JsonValue[];
}

/** A schema of objects with the required member `a` and no other member. */
function withA(a: JsonValue, more: JsonObject = {}): JsonObject {
  return {
    type: 'object',
    properties: { a, b: { type: 'integer' } },
    required: ['a'],
    additionalProperties: false,
    ...more,
  };
}

const pattern = (source: string): Case => ({
  name: `the pattern ${source}`,
  schema: withA({ type: 'string', pattern: source, maxLength: 5 }),
  unchecked: ['/properties/a/pattern'],
  accepts: [{ a: 'ABC' }, { a: 'x', b: 1 }],
  refuses: [{ a: 1 }, {}, { a: 'abcdef' }, { a: 'abc', c: 1 }],
});

const CASES: readonly Case[] = [
  ...[
    '(?i)^abc$',
    '(?P<y>[0-9]+)\\Z',
    '\\Aabc',
    'abc\\z',
    '(?>a)b',
    'a++',
    '[[:alpha:]]\\h',
    '\\p{IsAlphabetic}',
    '(',
  ].map(pattern),
  {
    name: 'patternProperties in another language',
    schema: {
      type: 'object',
      patternProperties: { '(?i)^x': text },
      properties: { a: text },
      additionalProperties: false,
    },
    unchecked: ['/patternProperties', '/additionalProperties'],
    accepts: [{ a: 'y', X1: 'z' }],
    refuses: [{ a: 1 }, 'x'],
  },
  ...['#/$defs/nowhere', '#anchor', 'https://example.com/schema.json', 'other.json#/x'].map((reference) => ({
    name: `the reference ${reference}`,
    schema: withA({ $ref: reference, type: 'string' }),
    unchecked: ['/properties/a/$ref'],
    accepts: [{ a: 'x' }],
    refuses: [{ a: 1 }, {}],
  })),
  {
    name: 'a reference to itself',
    schema: { type: 'object', properties: { a: { $ref: '#/properties/a' } }, required: ['a'] },
    unchecked: ['/properties/a/$ref'],
    accepts: [{ a: 1 }],
    refuses: [{}],
  },
  {
    name: 'a reference beside an unresolvable one',
    schema: {
      ...{ type: 'object', properties: { a: { $ref: '#/$defs/t~1x' }, b: { $ref: '#/$defs/nowhere' } } },
      ...{ required: ['a'], additionalProperties: false, $defs: { 't/x': text, unused: { $ref: '#/nowhere' } } },
    },
    unchecked: ['/properties/b/$ref', '/$defs/unused/$ref'],
    accepts: [{ a: 'x', b: 1 }],
    refuses: [{ a: 1 }, {}, { a: 'x', c: 1 }],
  },
  {
    name: 'nullable without a type',
    schema: withA({ nullable: true, maxLength: 2 }),
    unchecked: ['/properties/a/nullable'],
    accepts: [{ a: 'xx' }],
    refuses: [{ a: 'xxx' }],
  },
  {
    name: 'nullable against its type',
    schema: withA({ type: 'null', nullable: false }),
    unchecked: ['/properties/a/nullable'],
    accepts: [{ a: null }],
    refuses: [{ a: 'x' }],
  },
  {
    name: 'values of draft 4',
    schema: withA({ type: 'number', minimum: 3, exclusiveMinimum: true, id: '#a', required: true }),
    unchecked: ['/properties/a/exclusiveMinimum', '/properties/a/required', '/properties/a/id'],
    accepts: [{ a: 3 }],
    refuses: [{ a: 2 }],
  },
  {
    name: 'a list under items',
    schema: { type: 'array', items: [{ type: 'string' }], maxItems: 2 },
    unchecked: ['/items'],
    accepts: [[1]],
    refuses: [[1, 2, 3]],
  },
  {
    name: 'unknown types',
    schema: withA({ type: 'varchar' }, { maxProperties: 1 }),
    unchecked: ['/properties/a/type'],
    accepts: [{ a: [] }],
    refuses: [{}, { a: 1, b: 1 }],
  },
  {
    name: 'a property that is not a schema',
    schema: withA('a name'),
    unchecked: ['/properties/a'],
    accepts: [{ a: 1 }],
    refuses: [{ a: 1, c: 1 }],
  },
  {
    name: 'properties that are not an object',
    schema: { type: 'object', properties: ['a'], additionalProperties: false, minProperties: 1 },
    unchecked: ['/properties', '/additionalProperties'],
    accepts: [{ a: 1 }],
    refuses: [{}],
  },
  {
    name: 'two schemas of one identifier',
    schema: withA({ $id: 'x', ...text }, { $defs: { b: { $id: 'x' } } }),
    unchecked: ['/properties/a/$id', '/$defs/b/$id'],
    accepts: [{ a: 'x' }],
    refuses: [{ a: 1 }],
  },
  {
    name: 'an empty choice',
    schema: withA({ ...text, enum: [], anyOf: [] }),
    unchecked: ['/properties/a/anyOf', '/properties/a/enum'],
    accepts: [{ a: 'x' }],
    refuses: [{ a: 1 }],
  },
  {
    name: 'not around a weaker schema',
    schema: withA({ ...text, not: { pattern: '(?i)x' } }),
    unchecked: ['/properties/a/not/pattern', '/properties/a/not'],
    accepts: [{ a: 'abc' }, { a: 'x' }],
    refuses: [{ a: 1 }],
  },
  {
    name: 'oneOf over weaker schemas',
    schema: withA({
      oneOf: [
        { type: 'string', pattern: '(?i)x' },
        { type: 'string', maxLength: 3 },
      ],
    }),
    unchecked: ['/properties/a/oneOf/0/pattern', '/properties/a/oneOf'],
    accepts: [{ a: 'abc' }, { a: 'abcdef' }],
    refuses: [{ a: 1 }],
  },
  {
    name: 'a condition that is weaker',
    schema: withA({ ...text, if: { pattern: '(?i)x' }, else: { minLength: 9 } }),
    unchecked: ['/properties/a/if/pattern', '/properties/a/if'],
    accepts: [{ a: 'abc' }],
    refuses: [{ a: 1 }],
  },
  {
    name: 'a property that has the name of a keyword',
    schema: { type: 'object', properties: { not: { pattern: '(?i)x', ...text } }, required: ['not'] },
    unchecked: ['/properties/not/pattern'],
    accepts: [{ not: 'a' }],
    refuses: [{}, { not: 1 }],
  },
  {
    name: 'properties that a missing reference may have evaluated',
    schema: { type: 'object', $ref: '#/nowhere', properties: { a: text }, unevaluatedProperties: false },
    unchecked: ['/$ref', '/unevaluatedProperties'],
    accepts: [{ a: 'x', b: 1 }],
    refuses: [{ a: 1 }],
  },
];

describe('a schema with parts that cannot be compiled', () => {
  it.each(CASES)('is checked without $name', ({ schema, unchecked, accepts, refuses }) => {
    const before = JSON.stringify(schema);
    const check = compileSchema(schema, 'response_format');
    expect(check.unchecked).toEqual(unchecked);
    for (const value of accepts) expect(check.problems(value), JSON.stringify(value)).toEqual([]);
    for (const value of refuses) expect(check.problems(value), JSON.stringify(value)).not.toEqual([]);
    expect(JSON.stringify(schema)).toBe(before);
  });
});

describe('properties evaluated by a pattern beside a choice', () => {
  const choice = {
    type: 'object',
    patternProperties: { '^c': {} },
    anyOf: [{ required: ['a'], properties: { a: {} } }, {}],
  };

  it('are checked', () => {
    const check = compileSchema({ ...choice, maxProperties: 1 }, 'response_format');
    expect(check.unchecked).toEqual([]);
    expect(check.problems({ c: 1 })).toEqual([]);
    expect(check.problems({ c: 1, d: 2 })).not.toEqual([]);
  });

  it('are not distinguished from unevaluated ones', () => {
    const check = compileSchema({ ...choice, unevaluatedProperties: false, maxProperties: 1 }, 'response_format');
    expect(check.unchecked).toEqual(['/unevaluatedProperties']);
    expect(check.problems({ c: 1 })).toEqual([]);
    expect(check.problems({ c: 1, d: 2 })).not.toEqual([]);
  });
});

describe('a schema that compiles', () => {
  it.each<[string, JsonObject, JsonValue, JsonValue]>([
    ['unknown formats', { type: 'string', format: 'phone' }, 'x', 1],
    ['unknown keywords', { type: 'string', 'x-order': 1, example: [] }, 'x', 1],
    ['escapes of the older grammar', { type: 'string', pattern: '^a\\-b$' }, 'a-b', 'ab'],
    ['an escaped backslash before a letter', { type: 'string', pattern: '^a\\\\\\-Z$' }, 'a\\-Z', 'a-Z'],
    ['an asynchronous schema', { $async: true, type: 'string' }, 'x', 1],
    ['nullable', { type: 'string', nullable: true }, null, 1],
    ['draft 7', { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }, ['x'], [1]],
  ])('is checked completely: %s', (_name, schema, valid, invalid) => {
    const check = compileSchema(schema, 'response_format');
    expect(check.unchecked).toEqual([]);
    expect(check.problems(valid)).toEqual([]);
    expect(check.problems(invalid)).not.toEqual([]);
  });
});

const SCHEMA_PLACES = ['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'];
const LIST_PLACES = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAP_PLACES = ['properties', 'patternProperties', '$defs', 'dependentSchemas'];
/** Patterns of another language and their equivalents in JavaScript. */
const TRANSLATED: readonly { readonly foreign: JsonObject; readonly own: JsonObject }[] = [
  { foreign: { pattern: '(?i)^x$' }, own: { pattern: '^[xX]$' } },
  { foreign: { patternProperties: { '(?i)^c$': true } }, own: { patternProperties: { '^[cC]$': true } } },
];
/** Of the schemas. Not 3, since most of them come in threes: alone, as a property and as items. */
const EVERY = scaled({ usual: 2, full: 1 });
const VALUES: readonly JsonValue[] = ['x', 'X', 'y', 1, { c: 1 }, { a: 'x', C: 1 }, ['x', 'y', 5], [{ c: 1 }]];

/** Copies of the schema with one more member, each in a different subschema. */
function* withMember(schema: JsonValue | undefined, member: JsonObject): Generator<JsonObject> {
  if (!isJsonObject(schema)) return;
  yield { ...schema, ...member };
  for (const place of SCHEMA_PLACES)
    for (const changed of withMember(schema[place], member)) yield { ...schema, [place]: changed };
  for (const place of LIST_PLACES) {
    const list = schema[place];
    if (!Array.isArray(list)) continue;
    for (const [index, child] of list.entries())
      for (const changed of withMember(child, member)) yield { ...schema, [place]: list.with(index, changed) };
  }
  for (const place of MAP_PLACES) {
    const map = schema[place];
    if (!isJsonObject(map)) continue;
    for (const [key, child] of Object.entries(map))
      for (const changed of withMember(child, member)) yield { ...schema, [place]: { ...map, [key]: changed } };
  }
}

describe('a part that is left out, at any place', () => {
  it('does not make the check reject what the whole schema accepts', { timeout: 60_000 }, () => {
    let count = 0;
    for (const { name, schema, valid, invalid } of SCHEMA_CASES.filter((_, index) => index % EVERY === 0)) {
      for (const { foreign, own } of TRANSLATED) {
        // An existing member of that name would be replaced.
        if (Object.keys(own).some((key) => JSON.stringify(schema).includes(`"${key}":`))) continue;
        const wholes = [...withMember(schema, own)];
        for (const [place, changed] of [...withMember(schema, foreign)].entries()) {
          const whole = compileSchema(wholes[place] ?? {}, 'response_format');
          const partial = compileSchema(changed, 'response_format');
          for (const value of [valid, invalid, ...VALUES].filter((each) => whole.problems(each).length === 0)) {
            expect(partial.problems(value), `${name}: ${JSON.stringify({ changed, value })}`).toEqual([]);
            count++;
          }
        }
      }
    }
    expect(count).toBeGreaterThan(500 / EVERY);
  });
});

describe('a schema that takes too long', () => {
  it('to check is reported as an error of the answer, with advice', () => {
    const check = compileSchema(withA({ type: 'string', pattern: '^(a+)+$' }), 'response_format');
    expect(() => check.problems({ a: `${'a'.repeat(60)}!` })).toThrow(
      expect.objectContaining({ code: 'output_invalid', message: expect.stringContaining('Simplify the patterns') }),
    );
    expect(check.problems({ a: 'aaa' })).toEqual([]);
  });

  it('to compile is reported as an error of the request, with advice', () => {
    const allOf: JsonValue = Array.from({ length: 20_000 }, (_, i) => ({ anyOf: [{ const: i }, { type: 'string' }] }));
    expect(() => compileSchema(withA({ allOf }), 'response_format')).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: 'response_format: is too complicated to check. Simplify it.',
      }),
    );
  });
});
