import { describe, expect, it } from 'vitest';
import { createFakeGateway, post, serve } from '../../test/support/serving.ts';
import { assertWithinLimits, MAX_ENTRIES, MAX_VALUES } from './json-limits.ts';

const TOO_MANY = MAX_ENTRIES + 1;

function list(length: number, value: unknown = 1): unknown[] {
  return Array.from({ length }, () => value);
}

function membersOf(length: number): object {
  return Object.fromEntries(list(length).map((value, i) => [`k${i}`, value]));
}

describe('assertWithinLimits', () => {
  it('accepts what is at the limits', () => {
    expect(() => assertWithinLimits({ messages: list(MAX_ENTRIES) })).not.toThrow();
    expect(() => assertWithinLimits(list(5, list(MAX_ENTRIES - 1)))).not.toThrow();
    for (const plain of [null, 1, 'text', true]) expect(() => assertWithinLimits(plain)).not.toThrow();
  });

  it.each([
    ['messages', { messages: list(TOO_MANY) }, 'messages: a list with 50001 entries; this gateway takes up to 50000.'],
    [
      'messages[1].content',
      { messages: [{}, { content: list(TOO_MANY) }] },
      'messages[1].content: a list with 50001 entries; this gateway takes up to 50000.',
    ],
    [
      'metadata',
      { metadata: membersOf(TOO_MANY) },
      'metadata: an object with 50001 entries; this gateway takes up to 50000.',
    ],
    [undefined, list(TOO_MANY), 'The request body: a list with 50001 entries; this gateway takes up to 50000.'],
    [
      undefined,
      list(6, list(MAX_ENTRIES - 1)),
      `The request body holds more than ${MAX_VALUES} values, the limit of this gateway.`,
    ],
  ])('names what exceeds a limit: %s', (param, body, message) => {
    expect(() => assertWithinLimits(body)).toThrow(
      expect.objectContaining({ code: 'invalid_request', message, param }),
    );
  });

  it('reads any depth without running out of stack', () => {
    let deep: unknown = [];
    for (let level = 0; level < 200_000; level++) deep = [deep];
    expect(() => assertWithinLimits(deep)).not.toThrow();
    for (let level = 0; level < MAX_VALUES; level++) deep = { deep };
    expect(() => assertWithinLimits(deep)).toThrow('The request body holds more than 250000 values');
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
  ])('is refused at %s before %s is read', async (path, field) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    const { status, json } = await post(server, path, `{"model":"m","max_tokens":1,"${field}":${ones}}`);
    expect(status).toBe(400);
    expect(json()).toMatchObject({
      error: { message: `${field}: a list with 400000 entries; this gateway takes up to 50000.` },
    });
    expect(gateway.asked).toEqual([]);
  });
});
