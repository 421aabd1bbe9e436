import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { runAtOnce } from '../../core/steps.ts';
import { findViolations } from './lint.ts';
import { wireProfile } from './profiles.ts';
import { type SchemaRule, sanitizeSchema } from './schema.ts';

const policy = wireProfile('q-rest').schemas;
const strict = wireProfile('kiro-runtime').schemas;
const string = { type: 'string' };
const object = (properties: object, rest: object = {}) => ({ type: 'object', properties: { ...properties }, ...rest });

interface Case {
  readonly name: string;
  readonly schema: JsonValue | undefined;
  readonly expected: unknown;
  readonly rules: readonly SchemaRule[];
}

const cases: Case[] = [
  { name: 'an acceptable schema', schema: object({ a: string }), expected: object({ a: string }), rules: [] },
  { name: 'no schema', schema: undefined, expected: object({}), rules: ['tool-schema-missing'] },
  { name: 'null', schema: null, expected: object({}), rules: ['tool-schema-missing'] },
  { name: 'a list', schema: [], expected: object({}), rules: ['tool-schema-missing'] },
  { name: 'an empty object', schema: {}, expected: object({}), rules: ['tool-schema-root-object'] },
  {
    name: 'a root that is not an object',
    schema: { type: 'string', description: 'd' },
    expected: object({}, { description: 'd' }),
    rules: ['tool-schema-root-object'],
  },
  {
    name: 'nulls in place of schemas',
    schema: { type: 'object', properties: null, required: null, description: null },
    expected: object({}),
    rules: ['tool-schema-null-repaired', 'tool-schema-root-object'],
  },
  {
    name: 'null as data, which stays',
    schema: object({ a: { enum: ['x', null], default: null, const: null } }),
    expected: object({ a: { enum: ['x', null], default: null, const: null } }),
    rules: [],
  },
  {
    name: 'a null property',
    schema: object({ a: null, b: true }),
    expected: object({ a: {}, b: true }),
    rules: ['tool-schema-null-repaired'],
  },
  {
    name: 'an empty required',
    schema: object({ a: object({}, { required: [] }) }, { required: [] }),
    expected: object({ a: object({}) }),
    rules: ['tool-schema-required-dropped'],
  },
  {
    name: 'a required list with entries that are not names',
    schema: object({}, { required: ['a', 1, null] }),
    expected: object({}, { required: ['a'] }),
    rules: ['tool-schema-required-dropped'],
  },
  {
    name: 'keywords that the service refuses, at any depth',
    schema: object(
      { a: { type: 'array', items: { ...object({}), additionalProperties: false } } },
      { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x' },
    ),
    expected: object({ a: { type: 'array', items: object({}) } }),
    rules: ['tool-schema-keyword-removed'],
  },
  {
    name: 'properties named like keywords, which stay',
    schema: object({
      $schema: string,
      additionalProperties: string,
      if: string,
      $ref: string,
      required: string,
      enum: string,
    }),
    expected: object({
      $schema: string,
      additionalProperties: string,
      if: string,
      $ref: string,
      required: string,
      enum: string,
    }),
    rules: [],
  },
  {
    name: 'a property called __proto__',
    schema: JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string","$comment":"x"}}}'),
    expected: JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
    rules: ['tool-schema-keyword-removed'],
  },
  {
    name: 'bounds beyond 32 bits',
    schema: object({ a: { type: 'integer', minimum: -9007199254740991, maximum: 10 } }),
    expected: object({ a: { type: 'integer', maximum: 10 } }),
    rules: ['tool-schema-bound-removed'],
  },
  {
    name: 'references, with keywords beside them',
    schema: object(
      { a: { $ref: '#/$defs/A', description: 'mine' } },
      { $defs: { A: { type: 'string', description: 'theirs' } } },
    ),
    expected: object({ a: { type: 'string', description: 'mine' } }),
    rules: ['tool-schema-ref-inlined'],
  },
  {
    name: 'references through references, old spelling, escaped names',
    schema: object(
      { a: { $ref: '#/definitions/A~1b' } },
      { definitions: { 'A/b': { $ref: '#/definitions/C%20d' }, 'C d': string } },
    ),
    expected: object({ a: string }),
    rules: ['tool-schema-ref-inlined'],
  },
  {
    name: 'a recursive reference',
    schema: object(
      { tree: { $ref: '#/$defs/Node' } },
      { $defs: { Node: object({ next: { $ref: '#/$defs/Node' } }, { description: 'a node' }) } },
    ),
    expected: object({ tree: object({ next: { type: 'object', description: 'a node' } }, { description: 'a node' }) }),
    rules: ['tool-schema-ref-cut', 'tool-schema-ref-inlined'],
  },
  {
    name: 'a reference to the root',
    schema: object({ child: { $ref: '#' } }),
    expected: object({ child: object({ child: { type: 'object' } }) }),
    rules: ['tool-schema-ref-cut', 'tool-schema-ref-inlined'],
  },
  {
    name: 'unresolvable references',
    schema: object({ a: { $ref: '#/$defs/Gone' }, b: { $ref: 'https://example.com/b.json', title: 'b' } }),
    expected: object({ a: {}, b: { title: 'b' } }),
    rules: ['tool-schema-ref-cut'],
  },
  {
    name: 'a reference as the root',
    schema: { $ref: '#/$defs/Args', $defs: { Args: object({ a: string }, { required: ['a'] }) } },
    expected: object({ a: string }, { required: ['a'] }),
    rules: ['tool-schema-ref-inlined'],
  },
  {
    name: 'a choice at the root: all properties, and what every variant requires',
    schema: {
      oneOf: [
        object({ kind: { const: 'file' }, path: string, at: string }, { required: ['kind', 'path'] }),
        object({ kind: { const: 'url' }, url: string, at: string }, { required: ['kind', 'url'] }),
      ],
    },
    expected: {
      type: 'object',
      properties: { kind: { anyOf: [{ const: 'file' }, { const: 'url' }] }, path: string, at: string, url: string },
      required: ['kind'],
    },
    rules: ['tool-schema-root-merged'],
  },
  {
    name: 'a combination at the root: everything required by any',
    schema: object(
      { a: string },
      { required: ['a'], allOf: [object({ b: string }, { required: ['b'] }), { required: ['a', 'c'] }] },
    ),
    expected: object({ a: string, b: string }, { required: ['a', 'b', 'c'] }),
    rules: ['tool-schema-root-merged'],
  },
  {
    name: 'a choice between sets of required names',
    schema: object({ a: string, b: string }, { anyOf: [{ required: ['a'] }, { required: ['b'] }] }),
    expected: object({ a: string, b: string }),
    rules: ['tool-schema-root-merged'],
  },
  {
    name: 'a choice within a combination, and variants that are not objects',
    schema: { allOf: [{ anyOf: [object({ a: string }), { type: 'string' }] }, object({ b: string })] },
    expected: object({ a: string, b: string }),
    rules: ['tool-schema-root-merged'],
  },
  {
    name: 'choices below the root, which stay',
    schema: object({ a: { anyOf: [string, { type: 'null' }] } }),
    expected: object({ a: { anyOf: [string, { type: 'null' }] } }),
    rules: [],
  },
  {
    name: 'unknown keywords, with nulls and refused keywords inside',
    schema: object(
      { a: { type: ['string', null] } },
      { 'x-order': [1, null, { $schema: 'x', b: null }], example: { c: null } },
    ),
    expected: object({ a: { type: ['string'] } }, { 'x-order': [1, {}], example: {} }),
    rules: ['tool-schema-null-repaired', 'tool-schema-keyword-removed'],
  },
  {
    name: 'tuples',
    schema: object({ a: { type: 'array', items: [string, { ...string, $comment: 'x' }] } }),
    expected: object({ a: { type: 'array', items: [string, string] } }),
    rules: ['tool-schema-keyword-removed'],
  },
];

const lintedSchema = (json: JsonObject) => {
  const tools = [{ toolSpecification: { name: 'f', inputSchema: { json } } }];
  const userInputMessage = { content: 'x', userInputMessageContext: { tools } };
  const request = { conversationState: { chatTriggerType: 'MANUAL', currentMessage: { userInputMessage } } } as const;
  return runAtOnce(findViolations(request, wireProfile('q-rest')));
};

describe('tool input schemas', () => {
  it.each(cases)('$name', ({ schema, expected, rules }) => {
    const { schema: sanitized, changes } = sanitizeSchema(schema, policy);
    expect(sanitized).toEqual(expected);
    expect(new Set(changes.keys())).toEqual(new Set(rules));
  });

  it('lose more keywords with a stricter service, and never properties', () => {
    const schema = object({ pattern: { type: 'string', pattern: '^a', minLength: 1, format: 'uri' } });
    expect(sanitizeSchema(schema, policy).schema).toEqual(schema);
    expect(sanitizeSchema(schema, strict).schema).toEqual(object({ pattern: string }));
  });

  it('stay small if references multiply', () => {
    const defs = Object.fromEntries(
      Array.from({ length: 8 }, (_, level) => {
        const next = { $ref: `#/$defs/d${level + 1}` };
        return [`d${level}`, object(Object.fromEntries('abcdefghij'.split('').map((name) => [name, next])))];
      }),
    );
    const { schema, changes } = sanitizeSchema({ ...object({ a: { $ref: '#/$defs/d0' } }), $defs: defs }, policy);
    expect(JSON.stringify(schema).length).toBeLessThan(2_000_000);
    expect(changes.has('tool-schema-ref-cut')).toBe(true);
  });

  it('keep their order', () => {
    const { schema } = sanitizeSchema(object({ z: string, a: string }, { description: 'd' }), policy);
    expect(JSON.stringify(schema)).toBe(
      '{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"string"}},"description":"d"}',
    );
  });

  it('always become acceptable, and do not change the second time', () => {
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'items',
      'required',
      'anyOf',
      'allOf',
      '$ref',
      '$defs',
      'enum',
      'not',
      'a',
      '$schema',
    );
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom<JsonValue>(null, true, 1e12, 'object', 'string', '#', '#/$defs/a', '#/properties/a'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (schema) => {
        const once = sanitizeSchema(schema, policy).schema;
        expect(once).toMatchObject({ type: 'object' });
        expect(typeof once.properties).toBe('object');
        expect(Object.keys(once)).not.toEqual(expect.arrayContaining(['anyOf']));
        expect(sanitizeSchema(once, policy)).toEqual({ schema: once, changes: new Map() });
        expect(lintedSchema(once)).toEqual([]);
      }),
      { seed: 42, numRuns: 1_000 },
    );
  });
});
