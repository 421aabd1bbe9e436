import { describe, expect, it } from 'vitest';
import { KnownSchemas } from './known-schemas.ts';
import { wireProfile } from './profiles.ts';
import { sanitizeSchema } from './schema.ts';

const { schemas: policy } = wireProfile('q-rest');
const schemaOf = (name: string) => ({
  type: 'object',
  properties: { [name]: { $ref: '#/$defs/a', description: '日本' } },
  required: [],
  $defs: { a: { type: 'string' } },
});

describe('KnownSchemas', () => {
  it('sanitizes, checks and serialises a schema once for a wire profile', () => {
    const known = new KnownSchemas();
    const schema = schemaOf('a');
    const first = known.sanitize(schema, policy);
    expect({ schema: first.schema, changes: first.changes }).toEqual(sanitizeSchema(schema, policy));
    expect(known.sanitize(schema, policy)).toBe(first);
    expect(known.jsonOf(first.schema)?.toString()).toBe(JSON.stringify(first.schema));
    let checks = 0;
    const find = (fault?: string) => () => {
      checks += 1;
      return fault;
    };
    expect([1, 2].map(() => known.faultIn(first.schema, policy, find()))).toEqual([undefined, undefined]);
    expect(checks).toBe(1);
  });

  it('remembers a fault', () => {
    const known = new KnownSchemas();
    const { schema } = known.sanitize(schemaOf('a'), policy);
    expect(known.faultIn(schema, policy, () => 'null')).toBe('null');
    expect(known.faultIn(schema, policy, () => undefined)).toBe('null');
  });

  it('sanitizes a schema again for another wire profile', () => {
    const known = new KnownSchemas();
    const schema = schemaOf('a');
    const other = { ...policy, dropEmptyRequired: !policy.dropEmptyRequired };
    const first = known.sanitize(schema, policy);
    const second = known.sanitize(schema, other);
    expect(second.schema).toEqual(sanitizeSchema(schema, other).schema);
    expect(second.schema).not.toEqual(first.schema);
    expect(known.faultIn(first.schema, other, () => 'found')).toBe('found');
    expect(known.jsonOf(first.schema)?.toString()).toBe(JSON.stringify(first.schema));
  });

  it('knows schemas by identity, not others that look the same', () => {
    const known = new KnownSchemas();
    const schema = schemaOf('a');
    known.sanitize(schema, policy);
    expect([schema, schemaOf('a'), undefined, 'text', []].map((each) => known.has(each))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(known.sanitize('text', policy).schema).toEqual({ type: 'object', properties: {} });
  });

  it('stays within its bound', () => {
    const known = new KnownSchemas(50_000);
    const schemas = Array.from({ length: 100 }, (_, index) => schemaOf(`name_${index}`));
    for (const schema of schemas) {
      known.sanitize(schema, policy);
      expect(known.bytes).toBeLessThanOrEqual(50_000);
    }
    expect(known.has(schemas[0])).toBe(false);
    expect(known.has(schemas.at(-1))).toBe(true);
  });
});
