/** Values for schemas, judged by Ajv. */
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SCHEMA_CASES } from '../../../../test/conformance/json-schemas.ts';
import type { JsonObject } from '../../../core/json.ts';
import { matches } from './fits.ts';
import { generateJson } from './generate.ts';
import { sampleOf } from './pattern-sample.ts';

function problems(schema: JsonObject, value: unknown): unknown {
  const Validator = String(schema.$schema).includes('draft-07') ? Ajv : Ajv2020;
  const ajv = new Validator({ strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  return validate(value) ? undefined : validate.errors;
}

describe('a generated value', () => {
  it.each(SCHEMA_CASES)('fits the schema: $name', ({ schema }) => {
    const value = generateJson(schema);
    expect(value).toBeDefined();
    expect(problems(schema, value)).toBeUndefined();
  });

  it('is the same for the same schema', () => {
    for (const { schema } of SCHEMA_CASES) expect(generateJson(schema)).toEqual(generateJson(schema));
  });

  it('fits schemas that zod writes', () => {
    const shape = z.object({
      id: z.uuid(),
      when: z.iso.datetime(),
      mail: z.email(),
      sku: z.string().regex(/^[A-Z]{3}-(?:new|old)\d{2,4}$/),
      tags: z.array(z.string()).min(2).max(3),
      size: z.union([z.literal('S'), z.object({ width: z.number().positive().multipleOf(0.5) })]),
      rating: z.int().min(1).max(5).nullable(),
      attributes: z.record(z.string(), z.boolean()),
      address: z.object({ city: z.string().min(3), zip: z.string().length(5) }).optional(),
    });
    const schema = z.toJSONSchema(shape) as JsonObject; // JSON Schema is JSON
    const value = generateJson(schema);
    expect(shape.safeParse(value)).toMatchObject({ success: true });
    expect(value).toMatchObject({ address: { city: 'simulated city' } });
  });

  it('fits a schema that may also be itself', () => {
    expect(generateJson({ anyOf: [{ $ref: '#' }, { type: 'string' }] })).toBe('simulated text');
    expect(generateJson({ anyOf: [{ $ref: '#' }, { $ref: '#' }, { type: 'null' }] })).toBeNull();
  });

  it('has every declared property, also an optional one', () => {
    const properties = { a: { type: 'string' }, b: { type: 'integer' } };
    expect(generateJson({ type: 'object', properties })).toEqual({ a: 'simulated a', b: 1 });
  });

  it('has different items where the list may not repeat any', () => {
    const items = { type: 'string' };
    expect(generateJson({ type: 'array', minItems: 3, uniqueItems: true, items })).toEqual([
      'simulated text',
      '2 simulated text',
      '3 simulated text',
    ]);
  });

  it.each([
    ['what contradicts itself', { type: 'string', enum: [1, 2] }],
    ['a reference that leads nowhere', { $ref: '#/$defs/missing' }],
    ['a member that must hold itself', { type: 'object', properties: { me: { $ref: '#' } }, required: ['me'] }],
    ['a union of unions', { anyOf: Array.from({ length: 40 }, () => ({ anyOf: [{ $ref: '#' }, { $ref: '#' }] })) }],
    ['false', { not: {} }],
  ])('is not found for %s', (_what, schema) => {
    expect(generateJson(schema)).toBeUndefined();
  });
});

describe('a sample of a pattern', () => {
  it.each([
    '^a+\\-\\d$',
    '^INV-\\d{4}$',
    '^(?:foo|bar)[_-]?[^a-f0-9]{2}$',
    '^(?<year>\\d{4})-\\u0041\\x42\\.$',
    '^\\p{L}+\\s\\S*$',
    '^[\\w.+-]+@[a-z\\d-]+(?:\\.[a-z]{2,})+$',
    '^#(?:[0-9a-f]{3}){1,2}$',
  ])('matches %s', (pattern) => {
    expect(matches(pattern, sampleOf(pattern) ?? '')).toBe(true);
  });

  it.each(['(', '[a', 'a)', '\\'])('is undefined for %s, which cannot be read', (pattern) => {
    expect(sampleOf(pattern)).toBeUndefined();
  });
});
