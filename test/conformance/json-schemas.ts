/**
 * A hundred schemas, each with a valid and an invalid answer, following the JSON Schema Test Suite: each keyword alone,
 * in objects like those of real programs, and in combination.
 */
import type { JsonObject, JsonValue } from '../../src/core/json.ts';

export interface SchemaCase {
  readonly name: string;
  readonly schema: JsonObject;
  readonly valid: JsonValue;
  readonly invalid: JsonValue;
}

type Row = readonly [name: string, schema: JsonObject, valid: JsonValue, invalid: JsonValue];

/** As text, because an object with a property called `then` could be mistaken for a promise. */
const CONDITIONAL: JsonObject = JSON.parse(
  '{"type":"object","if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}',
);

/** For a single value: each becomes three cases, alone, as a property and as the items of a list. */
const VALUES: readonly Row[] = [
  ['integer', { type: 'integer' }, 7, 7.5],
  ['number', { type: 'number' }, 7.5, '7.5'],
  ['string', { type: 'string' }, 'seven', 7],
  ['boolean', { type: 'boolean' }, true, 'true'],
  ['null', { type: 'null' }, null, 0],
  ['several types', { type: ['string', 'null'] }, null, 1],
  ['enum', { enum: ['red', 'green'] }, 'red', 'blue'],
  ['const', { const: { a: [1] } }, { a: [1] }, { a: [2] }],
  ['minimum', { type: 'number', minimum: 3 }, 3, 2],
  ['exclusiveMaximum', { type: 'number', exclusiveMaximum: 3 }, 2, 3],
  ['multipleOf', { type: 'integer', multipleOf: 5 }, 15, 16],
  ['minLength', { type: 'string', minLength: 2 }, '😀😀', '😀'],
  ['maxLength', { type: 'string', maxLength: 2 }, 'ab', 'abc'],
  ['pattern', { type: 'string', pattern: '^a+\\-\\d$' }, 'aa-1', 'b-1'],
  ['format date', { type: 'string', format: 'date' }, '2026-02-28', '2026-02-30'],
  ['format email', { type: 'string', format: 'email' }, 'a@example.com', 'nobody'],
  ['format uuid', { type: 'string', format: 'uuid' }, '123e4567-e89b-42d3-a456-426614174000', '123'],
  ['anyOf', { anyOf: [{ type: 'integer' }, { type: 'string', minLength: 3 }] }, 'abc', 'ab'],
  [
    'oneOf',
    {
      oneOf: [
        { multipleOf: 2, type: 'integer' },
        { multipleOf: 3, type: 'integer' },
      ],
    },
    4,
    6,
  ],
  ['allOf', { allOf: [{ type: 'integer' }, { minimum: 2 }, { maximum: 4 }] }, 3, 5],
  ['not', { not: { type: 'string' } }, 1, 'x'],
];

const OBJECTS: readonly Row[] = [
  ['required', object({ a: { type: 'string' } }, ['a']), { a: 'x' }, {}],
  ['properties', object({ a: { type: 'string' } }), { b: 1 }, { a: 1 }],
  ['additionalProperties', closed({ a: { type: 'string' } }), { a: 'x' }, { a: 'x', b: 1 }],
  [
    'additionalProperties by schema',
    { type: 'object', additionalProperties: { type: 'integer' } },
    { a: 1 },
    { a: 'x' },
  ],
  ['patternProperties', { type: 'object', patternProperties: { '^n_': { type: 'number' } } }, { n_a: 1 }, { n_a: 'x' }],
  ['propertyNames', { type: 'object', propertyNames: { maxLength: 2 } }, { ab: 1 }, { abc: 1 }],
  ['minProperties', { type: 'object', minProperties: 2 }, { a: 1, b: 2 }, { a: 1 }],
  ['maxProperties', { type: 'object', maxProperties: 1 }, { a: 1 }, { a: 1, b: 2 }],
  ['dependentRequired', { type: 'object', dependentRequired: { a: ['b'] } }, { a: 1, b: 2 }, { a: 1 }],
  ['dependentSchemas', { type: 'object', dependentSchemas: { a: { required: ['c'] } } }, { a: 1, c: 2 }, { a: 1 }],
  ['if, then, else', CONDITIONAL, { a: 1, b: 2 }, { b: 2 }],
  [
    'unevaluatedProperties',
    { type: 'object', allOf: [object({ a: { type: 'string' } })], unevaluatedProperties: false },
    { a: 'x' },
    { a: 'x', b: 1 },
  ],
  ['a nullable property', closed({ a: { type: ['integer', 'null'] } }), { a: null }, { a: 'none' }],
  [
    'a union by tag',
    {
      type: 'object',
      oneOf: [
        { properties: { kind: { const: 'circle' }, r: { type: 'number' } }, required: ['kind', 'r'] },
        { properties: { kind: { const: 'square' }, side: { type: 'number' } }, required: ['kind', 'side'] },
      ],
    },
    { kind: 'square', side: 2 },
    { kind: 'square', r: 2 },
  ],
  [
    'a definition',
    {
      ...closed({ home: { $ref: '#/$defs/place' }, work: { $ref: '#/$defs/place' } }),
      $defs: { place: closed({ city: { type: 'string' } }) },
    },
    { home: { city: 'Izmir' }, work: { city: 'Bursa' } },
    { home: { city: 'Izmir' }, work: { town: 'Bursa' } },
  ],
  [
    'an old draft with definitions',
    {
      $schema: 'http://json-schema.org/draft-07/schema#',
      ...closed({ a: { $ref: '#/definitions/small' } }),
      definitions: { small: { type: 'integer', maximum: 9 } },
    },
    { a: 9 },
    { a: 10 },
  ],
  [
    'a tree',
    {
      type: 'object',
      properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#' } } },
      required: ['value'],
      additionalProperties: false,
    },
    { value: 1, children: [{ value: 2 }, { value: 3, children: [] }] },
    { value: 1, children: [{ children: [] }] },
  ],
  ['an awkward name', closed({ 'a/b~c"\\': { type: 'integer' } }), { 'a/b~c"\\': 1 }, { 'a/b~c"\\': '1' }],
  [
    'a property called like a method',
    closed({ constructor: { type: 'integer' } }),
    { constructor: 1 },
    { constructor: 'x' },
  ],
  ['nothing at all', { type: 'object', additionalProperties: false }, {}, { a: 1 }],
];

const LISTS: readonly Row[] = [
  ['minItems', { type: 'array', minItems: 2 }, [1, 2], [1]],
  ['maxItems', { type: 'array', maxItems: 1 }, [1], [1, 2]],
  ['uniqueItems', { type: 'array', uniqueItems: true }, [1, '1', { a: 1 }], [{ a: 1 }, { a: 1 }]],
  [
    'prefixItems',
    { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }], items: false },
    [1, 'a'],
    [1, 'a', 2],
  ],
  ['contains', { type: 'array', contains: { const: 5 } }, [1, 5], [1, 2]],
  ['minContains', { type: 'array', contains: { type: 'integer' }, minContains: 2 }, [1, 'a', 2], [1, 'a']],
  ['lists of lists', { type: 'array', items: { type: 'array', items: { type: 'integer' } } }, [[1], [2, 3]], [[1], 2]],
];

const REALISTIC: readonly Row[] = [
  [
    'an invoice',
    closed({
      number: { type: 'string', pattern: '^INV-\\d{4}$' },
      lines: {
        type: 'array',
        minItems: 1,
        items: closed({ what: { type: 'string' }, amount: { type: 'number', minimum: 0 } }),
      },
      currency: { enum: ['EUR', 'TRY', 'USD'] },
    }),
    { number: 'INV-0042', lines: [{ what: 'çay', amount: 12.5 }], currency: 'TRY' },
    { number: 'INV-42', lines: [], currency: 'TL' },
  ],
  [
    'a plan',
    closed({ steps: { type: 'array', items: closed({ title: { type: 'string' }, done: { type: 'boolean' } }) } }),
    { steps: [{ title: '写测试 "quoted"\n', done: false }] },
    { steps: [{ title: '写测试' }] },
  ],
];

function object(properties: JsonObject, required: readonly string[] = []): JsonObject {
  return { type: 'object', properties, required };
}

/** In the form required by both vendors' strict modes. */
function closed(properties: JsonObject): JsonObject {
  return { ...object(properties, Object.keys(properties)), additionalProperties: false };
}

function asProperty([name, schema, valid, invalid]: Row): Row {
  return [`${name} as a property`, closed({ value: schema }), { value: valid }, { value: invalid }];
}

function asItems([name, schema, valid, invalid]: Row): Row {
  return [
    `${name} as items`,
    closed({ list: { type: 'array', items: schema } }),
    { list: [valid] },
    { list: [valid, invalid] },
  ];
}

export const SCHEMA_CASES: readonly SchemaCase[] = [
  ...VALUES.map(asProperty),
  ...VALUES.map(asItems),
  ...OBJECTS,
  ...OBJECTS.filter(([, schema]) => !JSON.stringify(schema).includes('"$ref"')).map(asProperty),
  ...LISTS,
  ...LISTS.map(asProperty),
  ...LISTS.map(asItems),
  ...REALISTIC,
  ...REALISTIC.map(asProperty),
].map(([name, schema, valid, invalid]) => ({ name, schema, valid, invalid }));
