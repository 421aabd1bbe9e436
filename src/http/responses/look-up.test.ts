import { describe, expect, it } from 'vitest';
import { createFakeResponseStore, createFakeResponses } from '../../../test/support/fake-responses.ts';
import type { ResponseContent } from '../../gateway/responses.ts';
import { outputItemId, responseId } from '../../protocols/openai-responses/past.ts';
import { lookUp } from './look-up.ts';

const here = new AbortController().signal;

const idOf = (name: string): string => responseId(name.repeat(24));

function kept(name: string, more: Partial<ResponseContent> = {}): ResponseContent {
  const id = idOf(name);
  const output = [0, 1].map((i) => ({ id: outputItemId('msg_', id, i), type: 'message' }));
  return { id, response: { output }, input: [], previousId: undefined, events: undefined, ...more };
}

/** Also returns the ids of the responses that were looked up. */
function openCounted() {
  const store = createFakeResponseStore();
  const found: string[] = [];
  const responses = createFakeResponses({
    ...store,
    find(client, id, nowMs) {
      found.push(id);
      return store.find(client, id, nowMs);
    },
  });
  return { responses, found };
}

const reference = (name: string, index: number) => ({
  type: 'item_reference',
  id: outputItemId('msg_', idOf(name), index),
});

describe('items and responses named by a request', () => {
  it('cause no lookup if there are none', async () => {
    const { responses, found } = openCounted();
    expect(await lookUp({ input: 'Hi' }, responses, 'me', here)).toBeUndefined();
    expect(found).toEqual([]);
  });

  it('are found by opening each response once, for any number of its items', async () => {
    const { responses, found } = openCounted();
    for (const name of ['a', 'b']) await responses.save('me', kept(name));
    const input = Array.from({ length: 9_000 }, (_, i) => reference(i % 2 ? 'a' : 'b', i % 3));
    const past = await lookUp({ input }, responses, 'me', here);
    expect(found.toSorted()).toEqual([idOf('a'), idOf('b')]);
    const there = [reference('a', 0), reference('a', 1), reference('b', 0), reference('b', 1)];
    expect([...(past?.referenced.keys() ?? [])].toSorted()).toEqual(there.map(({ id }) => id).toSorted());
  });

  it('are found only by the client that stored them, and items of other origin are skipped', async () => {
    const { responses } = openCounted();
    await responses.save('you', kept('a'));
    const input = [reference('a', 0), { type: 'item_reference', id: 'elsewhere' }];
    const past = await lookUp({ input, previous_response_id: idOf('a') }, responses, 'me', here);
    expect(past).toEqual({ hasPrevious: false, items: [], referenced: new Map() });
  });

  it('are rejected before any lookup if there are too many items', async () => {
    const { responses, found } = openCounted();
    const input = Array.from({ length: 10_001 }, () => reference('a', 0));
    await expect(lookUp({ input }, responses, 'me', here)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'input',
    });
    expect(found).toEqual([]);
  });
});
