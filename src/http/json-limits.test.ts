import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFakeGateway, post, serve } from '../../test/support/serving.ts';
import { MAX_DEPTH, MAX_ENTRIES, MAX_VALUES, mayBeTooDeep, scanWithinLimits } from './json-limits.ts';
import { LONG_STRING_BYTES } from './large-json.ts';
import type { StringSpan } from './scanned-json.ts';

const TOO_MANY = MAX_ENTRIES + 1;

function list(length: number, value: unknown = 1): unknown[] {
  return Array.from({ length }, () => value);
}

function membersOf(length: number): object {
  return Object.fromEntries(list(length).map((value, i) => [`k${i}`, value]));
}

async function scanned(body: unknown): Promise<readonly StringSpan[]> {
  const { longStrings } = await scanWithinLimits(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  return longStrings;
}

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const tooMany = (what: string) =>
  `${what} with more than 50000 entries, the limit of this gateway. Send fewer entries.`;

describe('scanWithinLimits', () => {
  it('accepts a body at its limits', async () => {
    const atTheLimits = [{ messages: list(MAX_ENTRIES) }, list(2, list(MAX_ENTRIES - 2)), nested(MAX_DEPTH)];
    for (const body of [...atTheLimits, null, 1, 'text', true, '']) expect(await scanned(body)).toEqual([]);
  });

  it.each([
    ['messages', { messages: list(TOO_MANY) }, tooMany('messages: a list')],
    ['messages[1].content', { messages: [{}, { content: list(TOO_MANY) }] }, tooMany('messages[1].content: a list')],
    ['metadata', { model: 'm', metadata: membersOf(TOO_MANY), x: 1 }, tooMany('metadata: an object')],
    ['te"xt', { 'te"xt': list(TOO_MANY) }, tooMany('te\\"xt: a list')],
    [undefined, list(TOO_MANY), tooMany('The request body: a list')],
    [undefined, list(3, list(MAX_ENTRIES - 1)), `The request body holds more than ${MAX_VALUES} values`],
    [
      undefined,
      nested(MAX_DEPTH + 1),
      `The request body has more than ${MAX_DEPTH} levels of nested lists and objects`,
    ],
    [
      undefined,
      '{"a":'.repeat(1_000_000),
      `The request body has more than ${MAX_DEPTH} levels of nested lists and objects`,
    ],
  ])('names the part that exceeds a limit: %s', async (param, body, message) => {
    const failure = await scanned(body).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'invalid_request', message: expect.stringContaining(message) });
    if (param !== undefined) expect(failure).toMatchObject({ param: param.replace('"', '\\"') });
  });

  it('ignores structural characters inside strings', async () => {
    const text = fc.stringMatching(/^(?:[,[\]{}":\\a]|\\{9}|,{70}){0,40}$/);
    await fc.assert(
      fc.asyncProperty(text, text, async (key, value) => {
        const body = { [key]: value, [`${key}/`]: list(TOO_MANY) };
        const values = { [key]: value.repeat(20), last: key.repeat(20) };
        const long = Object.values(values).filter((each) => JSON.stringify(each).length - 2 > LONG_STRING_BYTES);
        await expect(scanned(values)).resolves.toHaveLength(long.length);
        const path = JSON.stringify(`${key}/`).slice(1, -1);
        await expect(scanned(body)).rejects.toMatchObject({ param: path.slice(0, 100).replace(/^\./, '') });
      }),
      { seed: 42, numRuns: 30 },
    );
  });

  it('finds out which long strings are escaped as JSON.stringify does it', async () => {
    const filling = fc.stringMatching(/^(?:[a",[\]\\日]|\n|x{70}){300,400}$/);
    const odd = fc.constantFrom('', '\\/', '\\u0061', '\\u65e5', '\\u000a');
    await fc.assert(
      fc.asyncProperty(filling, odd, filling, async (before, between, after) => {
        const text = [before, after].map((part) => JSON.stringify(part).slice(1, -1)).join(between);
        const [first, second, ...rest] = await scanned(
          `["${text}",{"${'k'.repeat(600)}":"short"},"${'x'.repeat(600)}"]`,
        );
        expect(rest).toEqual([]);
        expect(first).toMatchObject({ index: 0, isCanonical: JSON.stringify(JSON.parse(`"${text}"`)) === `"${text}"` });
        expect(second).toMatchObject({ index: 2, isCanonical: true });
      }),
      { seed: 42, numRuns: 100 },
    );
  });

  it.each(['"', '"\\', '{"a', ']', '[}', '{"a":1}}', '\u0000', '[1,,2]', `"${'\\'.repeat(500)}`])(
    'leaves what is not JSON to the parser: %j',
    async (text) => {
      await expect(scanned(text)).resolves.toEqual([]);
    },
  );
});

describe('a short body', () => {
  const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

  it.each([
    ['the most levels that are allowed', lists(MAX_DEPTH), false],
    ['one more', lists(MAX_DEPTH + 1), true],
    ['the same with objects between', '[{"a":'.repeat(MAX_DEPTH / 2 + 1), true],
    ['few brackets and long texts', JSON.stringify([{ a: 'words '.repeat(1_000) }]), false],
    ['many brackets in texts, which only the scan can tell', JSON.stringify('{'.repeat(MAX_DEPTH + 1)), true],
  ])('with %s is scanned only if that may be too deep', (_what, json, expected) => {
    expect(mayBeTooDeep(json)).toBe(expected);
  });

  it('is refused for its depth, and read with as many brackets in its texts', async () => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    const deep = await post(server, '/v1/chat/completions', `{"a":${lists(MAX_DEPTH)}}`);
    expect(deep.status).toBe(400);
    expect(deep.text).toContain('levels of nested lists');
    const messages = [{ role: 'user', content: '{'.repeat(MAX_DEPTH + 1) }];
    expect((await post(server, '/v1/chat/completions', { model: 'm', messages })).status).toBe(200);
    expect(gateway.requests).toHaveLength(1);
  });
});

describe('a request with a list of 400,000', () => {
  const ones = `[${'1,'.repeat(399_999)}1]`;

  it.each([
    ['/v1/chat/completions', 'messages'],
    ['/v1/chat/completions', 'tools'],
    ['/v1/messages', 'messages'],
    ['/v1/messages', 'stop_sequences'],
    ['/v1/messages/count_tokens', 'messages'],
    ['/v1/responses', 'input'],
    ['/v1/responses', 'include'],
    ['/v1/responses/compact', 'input'],
    ['/v1/completions', 'input_extra'],
    ['/v1/fim/completions', 'stop'],
  ])('is rejected at %s before %s is read', async (path, field) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    const { status, json } = await post(server, path, `{"model":"m","max_tokens":1,"${field}":${ones}}`);
    expect(status).toBe(400);
    expect(json()).toMatchObject({
      error: { message: tooMany(`${field}: a list`) },
    });
    expect(gateway.requests).toEqual([]);
  });
});
