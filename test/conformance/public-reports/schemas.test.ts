/** JSON schemas with parts that the validator cannot compile: those are left out and noted, and the rest is checked. */
import { describe, expect, it } from 'vitest';
import { type Endpoint, WAYS } from './endpoints.ts';
import { ReportBench } from './exchange.ts';

const bench = new ReportBench();

function withFormat(endpoint: Endpoint, schema: object): object {
  const body = endpoint.body('Answer.');
  switch (endpoint.name) {
    case 'chat':
      return { ...body, response_format: { type: 'json_schema', json_schema: { name: 's', schema } } };
    case 'responses':
      return { ...body, text: { format: { type: 'json_schema', name: 's', schema } } };
    case 'messages':
      return { ...body, output_config: { format: { type: 'json_schema', schema } } };
  }
}

const ofA = (a: object) => ({ type: 'object', properties: { a }, required: ['a'], additionalProperties: false });

/** Each accepts only a string as `a`. */
const SCHEMAS: readonly (readonly [name: string, schema: object])[] = [
  ['the pattern (?i)^abc$', ofA({ type: 'string', pattern: '(?i)^abc$' })],
  ['the pattern (?P<y>[0-9]+)\\Z', ofA({ type: 'string', pattern: '(?P<y>[0-9]+)\\Z' })],
  ['a reference to nowhere', ofA({ type: 'string', $ref: '#/definitions/Missing' })],
  ['a reference to another document', ofA({ type: 'string', $ref: 'https://example.com/schema.json' })],
  ['nullable without a type', ofA({ allOf: [{ type: 'string' }], nullable: true })],
  ['a boolean limit of draft 4', ofA({ type: 'string', minLength: 1, exclusiveMinimum: true })],
];

describe.each(WAYS)('$way: a schema with', ({ endpoint, streamed }) => {
  it.each(SCHEMAS)('%s is checked without that part', async (_name, schema) => {
    bench.script({ times: 1, steps: ['{"a":1}'] }, { times: 1, steps: ['{"a":"ABC"}'] });
    const exchange = await bench.send(endpoint, withFormat(endpoint, schema), streamed);
    expect(exchange).toMatchObject({ status: 200, text: '{"a":"ABC"}', stop: 'end' });
    expect(exchange.upstream).toHaveLength(2);
    expect(exchange.header).toEqual(expect.arrayContaining(['json-schema-part-unchecked', 'json-repaired']));
  });
});

describe.each(WAYS)('$way: a schema that compiles', ({ endpoint, streamed }) => {
  it('is not noted as left out', async () => {
    bench.script({ steps: ['{"a":"ABC"}'] });
    const exchange = await bench.send(
      endpoint,
      withFormat(endpoint, ofA({ type: 'string', format: 'phone' })),
      streamed,
    );
    expect(exchange).toMatchObject({ status: 200, text: '{"a":"ABC"}' });
    expect(exchange.header).toContain('json-schema-emulated');
    expect(exchange.header).not.toContain('json-schema-part-unchecked');
  });
});
