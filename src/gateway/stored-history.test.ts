import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import type { StoredResponse } from './response-store.ts';
import { itemsNamed, itemsUntil } from './stored-history.ts';

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

/** Responses `0`, `1`, … of which each continues the one before. Answered in the same turn, as a store in a file does. */
function chain(input: readonly JsonObject[] = []) {
  const found: string[] = [];
  const find = async (id: string): Promise<StoredResponse> => {
    found.push(id);
    const number = Number(id);
    return stored(id, { input, previousId: number === 0 ? undefined : String(number - 1) });
  };
  return { found, find };
}

describe('the history up to a response', () => {
  it('may be very long', async () => {
    expect(await itemsUntil(chain().find, '1999', here)).toHaveLength(2_000);
  });

  it.each([
    ['of too many responses', chain(), '2000', 2_000],
    ['too large', chain([{ content: 'x'.repeat(MIB) }]), '1000', 64],
  ])('is refused when it is %s, and opened no further', async (_what, { find, found }, last, opened) => {
    await expect(itemsUntil(find, last, here)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'previous_response_id',
    });
    expect(found).toHaveLength(opened);
  });

  it('leaves others their turns, and is opened no further when its client has gone', async () => {
    const { find, found } = chain();
    const gone = new AbortController();
    setImmediate(() => gone.abort(left));
    await expect(itemsUntil(find, '1999', gone.signal)).rejects.toBe(left);
    expect(found.length).toBeLessThan(5);
  });
});

describe('items by their names', () => {
  it('are those of the output and of the input, without those which are gone', async () => {
    const found = await itemsNamed(
      async (id) => (id === 'a' ? stored(id) : undefined),
      new Map([
        ['a', ['a-out', 'a-in', 'a-no', 'a-in']],
        ['b', ['b-in']],
      ]),
      here,
    );
    expect([...found]).toEqual([
      ['a-out', { id: 'a-out' }],
      ['a-in', { id: 'a-in' }],
    ]);
  });

  it('are refused when they are too large together, each as often as it is named', async () => {
    const large = stored('a', { input: [{ id: 'a-in', content: 'x'.repeat(MIB) }] });
    const name = (times: number) =>
      itemsNamed(async () => large, new Map([['a', Array.from({ length: times }, () => 'a-in')]]), here);
    expect((await name(63)).size).toBe(1);
    await expect(name(64)).rejects.toMatchObject({ code: 'invalid_request', param: 'input' });
  });

  it('leave others their turns, and are looked for no further when their client has gone', async () => {
    const found: string[] = [];
    const gone = new AbortController();
    setImmediate(() => gone.abort(left));
    const find = async (id: string): Promise<StoredResponse> => {
      found.push(id);
      return stored(id);
    };
    const wanted = new Map(Array.from({ length: 1_000 }, (_, i) => [`${i}`, [`${i}-in`]]));
    await expect(itemsNamed(find, wanted, gone.signal)).rejects.toBe(left);
    expect(found.length).toBeLessThan(5);
  });
});
