/** Values for a JSON schema: mostly ones that it allows, some that it does not. For the schemas in our OpenAPI document. */
import fc from 'fast-check';

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** `secret`: the text for fields whose names say that they are secret. */
export function valuesOf(schema: JsonSchema, secret: string): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: allowed(schema, secret, ''), weight: 8 }, { arbitrary: fc.jsonValue(), weight: 1 });
}

const SECRET_NAME = /token|secret|api_?key|password/i;

function allowed(schema: JsonSchema, secret: string, name: string): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices) return fc.oneof(...choices.map((choice) => allowed(choice, secret, name)));
  const [type = 'any', ...more] = [schema.type ?? []].flat();
  if (more.length > 0)
    return fc.oneof(...[type, ...more].map((one) => allowed({ ...schema, type: one }, secret, name)));
  switch (type) {
    case 'string':
      return SECRET_NAME.test(name) ? fc.constant(secret) : texts(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -10, max: schema.maximum ?? 100_000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? -10, max: schema.maximum ?? 1e9, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(withFaults(schema.items ?? {}, secret, name), { maxLength: 4 });
    case 'object':
      return objects(schema, secret);
    default:
      return fc.jsonValue();
  }
}

function objects(schema: JsonSchema, secret: string): fc.Arbitrary<unknown> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, one] of Object.entries(schema.properties ?? {})) fields[name] = withFaults(one, secret, name);
  const known: fc.Arbitrary<object> = fc.record(fields, { requiredKeys: [...(schema.required ?? [])] });
  const { additionalProperties } = schema;
  const extra = typeof additionalProperties === 'object' ? allowed(additionalProperties, secret, '') : fc.jsonValue();
  const others = fc.dictionary(fc.string({ maxLength: 12 }), extra, { maxKeys: 2 });
  return fc.oneof(
    { arbitrary: known, weight: 6 },
    { arbitrary: fc.tuple(known, others).map(([one, two]) => ({ ...two, ...one })), weight: 1 },
  );
}

/** One value in ten is of any shape. */
function withFaults(schema: JsonSchema, secret: string, name: string): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: allowed(schema, secret, name), weight: 9 }, { arbitrary: fc.jsonValue(), weight: 1 });
}

/** Addresses are of this machine only, so that nothing is looked up or connected to elsewhere. */
const SPECIAL = [
  ...[
    '',
    ' ',
    'a',
    '*',
    'claude-*',
    '\u0000',
    '\ud800',
    '🚀'.repeat(40),
    'x'.repeat(300),
    '../..',
    '%00',
    "'; drop table",
    '<script>',
  ],
  ...['__proto__', 'constructor', 'http://127.0.0.1:9', 'socks5://127.0.0.1:9', 'direct', 'us-east-1', 'google'],
  ...['arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGH', '9999-99-99T99:99:99Z', '-1', '1e309'],
];

function texts({ format, maxLength = 300 }: JsonSchema): fc.Arbitrary<unknown> {
  if (format === 'date-time') {
    const dates = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
    return fc.oneof(
      dates.map((date) => date.toISOString()),
      fc.constantFrom(...SPECIAL),
    );
  }
  return fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ maxLength: Math.min(maxLength, 60), unit: 'binary' }));
}
