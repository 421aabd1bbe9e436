import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonLines } from './json-line.ts';
import { createRedactor } from './redact.ts';

const NOW = Date.parse('2026-11-29T13:39:19.877Z');
const CONFIGURED = 'configured "secret" \\ 5d1e';
/** Each of a shape that is redacted, or named so. */
const SECRETS = [
  CONFIGURED,
  'aoaAAAAAGmarked-secret-5d1e7b2a90',
  'ksk_marked_secret_5d1e',
  'Bearer marked-secret-5d1e7b',
];

/** What a line has to be, in two steps: a copy of the fields without secrets, and `JSON.stringify`. */
function expectedLine(level: number, fields: object, message: string): string {
  const redact = createRedactor([CONFIGURED]);
  const copy = (name: string, value: unknown): unknown => {
    if (typeof value === 'string')
      return /(?:token|secret|password|passwd|authorization|cookie|credential|api[-_]?key)$/i.test(name) && value !== ''
        ? '••••'
        : redact(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => copy(name, item));
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copy(key, member)]));
  };
  const time = new Date(NOW).toISOString();
  const members = JSON.stringify(copy('', fields)).slice(1, -1);
  const start = `{"level":${level},"time":"${time}"${members === '' ? '' : ','}${members}`;
  return `${start},"msg":${JSON.stringify(redact(message))}}\n`;
}

/** Escapes, control characters, lone surrogates, separators, and secrets in the middle of other text. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '\u0000', '\ud800', '\udc00', '\u2028', 'é', '😀', 'a'),
    maxLength: 12,
  }),
  fc.tuple(fc.string({ maxLength: 9 }), fc.constantFrom(...SECRETS)).map(([start, secret]) => `${start} ${secret}`),
  fc.constantFrom('', 'claude-sonnet-4.5', 'q-rest', ...SECRETS),
);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const number = fc.oneof(fc.integer(), fc.double());

/** The fields of a request's line. */
const request = fc.record({
  requestId: text,
  method: fc.constantFrom('GET', 'POST', undefined),
  path: text,
  status: fc.constantFrom(200, 400, 499, 503),
  durationMs: number,
  firstByteMs: optional(number),
  client: optional(text),
  model: optional(text),
  stream: optional(fc.boolean()),
  code: optional(fc.constantFrom('internal', 'invalid_request')),
  error: optional(
    fc.record({
      message: optional(text),
      param: optional(text),
      retryAfterMs: optional(number),
      upstream: optional(text),
    }),
  ),
  usage: optional(fc.dictionary(fc.constantFrom('inputTokens', 'outputTokens', 'credits'), text)),
  route: optional(
    fc.record({
      accountId: text,
      accountLabel: optional(text),
      modelId: text,
      conversationId: text,
      attempt: fc.nat(),
      choice: optional(
        fc.record({
          atMs: number,
          skipped: fc.array(fc.record({ accountId: text, untilMs: optional(number) }), { maxLength: 3 }),
        }),
      ),
    }),
  ),
  adjustments: optional(fc.array(text, { maxLength: 5 })),
  adjustmentCount: optional(fc.nat()),
});

/** Fields of any name and nesting, short of the bounds. */
const anyFields = fc.object({
  key: fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('accessToken', 'apiKey', '"')),
  values: [text, number, fc.boolean(), fc.constant(null), fc.constant(undefined)],
  maxDepth: 3,
  maxKeys: 6,
});

function jsonLines(): JsonLines {
  return new JsonLines(createRedactor([CONFIGURED]));
}

describe('a line', () => {
  it.each([
    ['a request', request],
    ['any fields', anyFields],
  ])('has the JSON of a redacted copy: %s', (_, fields) => {
    // One writer for all of them, as it remembers texts.
    const lines = jsonLines();
    fc.assert(
      fc.property(fields, text, (record, message) => {
        const line = lines.write(30, NOW, record, message);
        expect(line).toBe(expectedLine(30, record, message));
        for (const secret of SECRETS) expect(line).not.toContain(JSON.stringify(secret).slice(1, -1));
        expect(lines.write(30, NOW, record, message)).toBe(line);
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('keeps the order of the fields, and covers a secret in any of them', () => {
    const secret = 'Bearer marked-secret-5d1e7b';
    const record = {
      requestId: 'req_1',
      path: `/v1/${secret}`,
      status: 200,
      usage: { inputTokens: '9 measured' },
      a: [secret],
    };
    expect(jsonLines().write(30, NOW, record, `POST ${secret} 200`)).toBe(
      '{"level":30,"time":"2026-11-29T13:39:19.877Z","requestId":"req_1","path":"/v1/Bearer ••••","status":200,' +
        '"usage":{"inputTokens":"9 measured"},"a":["Bearer ••••"],"msg":"POST Bearer •••• 200"}\n',
    );
  });

  it('has what JSON lacks as JSON.stringify has it', () => {
    const record = {
      nothing: null,
      missing: undefined,
      call() {},
      sum: Number.NaN,
      huge: 12n,
      list: [undefined, Number.POSITIVE_INFINITY],
    };
    expect(jsonLines().write(30, NOW, record, '')).toContain(
      '"nothing":null,"sum":null,"huge":12,"list":[null,null],"msg":""}',
    );
  });

  it('shows the type, message, stack, fields and causes of an error', () => {
    const cause = Object.assign(new TypeError('no such file'), { code: 'ENOENT' });
    const line = JSON.parse(jsonLines().write(50, NOW, { err: new Error('could not read', { cause }) }, 'x'));
    expect(line.err).toMatchObject({
      type: 'Error',
      message: 'could not read',
      stack: expect.stringContaining('json-line.test.ts'),
      cause: { type: 'TypeError', message: 'no such file', code: 'ENOENT' },
    });
  });

  it('covers a field named like a secret whatever it holds, also after a harmless value', () => {
    const lines = jsonLines();
    expect(lines.write(30, NOW, { token: '' }, '')).toContain('"token":""');
    for (const value of ['short', 'short'])
      expect(lines.write(30, NOW, { token: value }, '')).toContain('"token":"••••"');
  });

  it('writes each field under its own name wherever it stands, and nothing inherited', () => {
    const lines = new JsonLines(createRedactor([]));
    const lineOf = (fields: object) => lines.write(30, NOW, fields, 'Hello');
    for (const fields of [
      { one: 'a', token: 'b', two: 'c' },
      { token: 'a', one: 'b' },
      { two: 'a', nested: { one: 'c' } },
    ])
      expect(lineOf(fields)).toBe(expectedLine(30, fields, 'Hello'));
    const fields = Object.assign(Object.create({ inherited: 'a' }), { own: 'b' });
    expect(lineOf(fields)).toBe(expectedLine(30, { own: 'b' }, 'Hello'));
  });
});

describe('the time of a line', () => {
  it('is that of Date.prototype.toISOString in any order of moments', () => {
    const lines = jsonLines();
    const moment = fc.oneof(fc.integer({ min: NOW, max: NOW + 3_000 }), fc.integer({ min: -1e12, max: 4e12 }));
    fc.assert(
      fc.property(moment, (nowMs) => {
        expect(JSON.parse(lines.write(30, nowMs, {}, '')).time).toBe(new Date(nowMs).toISOString());
      }),
      { seed: 42 },
    );
  });
});
