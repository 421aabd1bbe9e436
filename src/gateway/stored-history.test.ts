import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import type { StoredResponse } from './response-store.ts';
import { itemsNamed, itemsUntil, type KnownRounds, type Round } from './stored-history.ts';

const MIB = 1024 * 1024;
const here = new AbortController().signal;
const left = new Error('left');

const stored = (id: string, more: Partial<StoredResponse> = {}): StoredResponse => ({
  id,
  response: { output: [{ id: `${id}-out` }] },
  input: [{ id: `${id}-in` }],
  previousId: undefined,
  events: undefined,
  state: 'ended',
  aliveUntilMs: 0,
  ...more,
});

/** Responses `0`, `1`, …, each continuing the one before. Resolves in the same turn of the event loop, like SQLite. */
function chain(input: readonly JsonObject[] = []) {
  const read: string[] = [];
  const find = async (id: string): Promise<StoredResponse> => {
    read.push(id);
    const number = Number(id);
    return stored(id, { input, previousId: number === 0 ? undefined : String(number - 1) });
  };
  return { read, find };
}

function remembering(isKept = (_id: string) => true): KnownRounds {
  const rounds = new Map<string, Round>();
  return {
    get: (id) => rounds.get(id),
    set: (id, round) => void rounds.set(id, round),
    areKept: async (ids) => ids.every(isKept),
  };
}

describe('the history up to a response', () => {
  it('can be very long', async () => {
    expect(await itemsUntil(chain().find, remembering(), '1999', here)).toHaveLength(2_000);
  });

  it.each([
    ['of too many responses', chain(), '2000', 2_000],
    ['too large', chain([{ content: 'x'.repeat(MIB) }]), '1000', 64],
  ])('is rejected when it is %s, and read no further', async (_what, { find, read }, last, opened) => {
    await expect(itemsUntil(find, remembering(), last, here)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'previous_response_id',
    });
    expect(read).toHaveLength(opened);
  });

  it('is rejected while one of the responses is in progress', async () => {
    const find = async (id: string) => stored(id, id === 'b' ? { previousId: 'a' } : { state: 'running' });
    await expect(itemsUntil(find, remembering(), 'b', here)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'previous_response_id',
      message: expect.stringContaining("'a' is still in progress"),
    });
  });

  it('is read once, and later only what is new', async () => {
    const { find, read } = chain();
    const known = remembering();
    const before = await itemsUntil(find, known, '9', here);
    read.splice(0);
    expect((await itemsUntil(find, known, '10', here))?.slice(0, -1)).toEqual(before);
    expect(read).toEqual(['10']);
  });

  it('is missing once a part that was read before is gone', async () => {
    const { find } = chain();
    let gone = '';
    const known = remembering((id) => id !== gone);
    await itemsUntil(find, known, '9', here);
    gone = '3';
    expect(await itemsUntil(find, known, '10', here)).toBeUndefined();
    expect(await itemsUntil(find, known, '2', here)).toHaveLength(3);
  });

  it('is read again while a part may change, because its process seems to have died', async () => {
    const read: string[] = [];
    const find = async (id: string) => {
      read.push(id);
      return stored(id, { aliveUntilMs: 1 });
    };
    const known = remembering();
    await itemsUntil(find, known, 'a', here);
    await itemsUntil(find, known, 'a', here);
    expect(read).toEqual(['a', 'a']);
  });

  it('yields to other requests, and is read no further once the client disconnects', async () => {
    const { find, read } = chain();
    const gone = new AbortController();
    setImmediate(() => gone.abort(left));
    await expect(itemsUntil(find, remembering(), '1999', gone.signal)).rejects.toBe(left);
    expect(read.length).toBeLessThan(5);
  });
});

describe('items by id', () => {
  it('come from the output and the input; missing ones are left out', async () => {
    const read = await itemsNamed(
      async (id) => (id === 'a' ? stored(id) : undefined),
      new Map([
        ['a', ['a-out', 'a-in', 'a-no', 'a-in']],
        ['b', ['b-in']],
      ]),
      here,
    );
    expect([...read]).toEqual([
      ['a-out', { id: 'a-out' }],
      ['a-in', { id: 'a-in' }],
    ]);
  });

  it('are rejected when they are too large in total, counted as often as they are referenced', async () => {
    const large = stored('a', { input: [{ id: 'a-in', content: 'x'.repeat(MIB) }] });
    const name = (times: number) =>
      itemsNamed(async () => large, new Map([['a', Array.from({ length: times }, () => 'a-in')]]), here);
    expect((await name(63)).size).toBe(1);
    await expect(name(64)).rejects.toMatchObject({ code: 'invalid_request', param: 'input' });
  });

  it('yield to other requests, and are read no further once the client disconnects', async () => {
    const read: string[] = [];
    const gone = new AbortController();
    setImmediate(() => gone.abort(left));
    const find = async (id: string): Promise<StoredResponse> => {
      read.push(id);
      return stored(id);
    };
    const wanted = new Map(Array.from({ length: 1_000 }, (_, i) => [`${i}`, [`${i}-in`]]));
    await expect(itemsNamed(find, wanted, gone.signal)).rejects.toBe(left);
    expect(read.length).toBeLessThan(5);
  });
});
