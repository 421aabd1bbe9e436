import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createFakeResponseStore, createFakeResponses } from '../../test/support/fake-responses.ts';
import type { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { StoredResponse } from './response-store.ts';
import { Cancelled, type KeptResponse, type Work } from './responses.ts';
import type { Run } from './run.ts';

const kept = (id: string, more: Partial<KeptResponse> = {}): KeptResponse => ({
  id,
  response: { id, output: [{ id: `${id}-out` }] },
  input: [{ id: `${id}-in` }],
  previousId: undefined,
  events: undefined,
  ...more,
});

/** Work which lasts until it is told to end, or stopped. */
function openWork(): Work & { finish(): void; readonly stoppedBy: unknown } {
  let response: JsonObject = { status: 'in_progress' };
  let stoppedBy: unknown;
  const done = Promise.withResolvers<void>();
  return {
    get response() {
      return response;
    },
    get stoppedBy() {
      return stoppedBy;
    },
    finish: done.resolve,
    async carryOut({ signal }: Run) {
      signal.addEventListener('abort', () => done.resolve(), { once: true });
      await done.promise;
      stoppedBy = signal.reason;
      response = { status: signal.aborted ? 'stopped' : 'completed' };
    },
  };
}

const listening = new AbortController().signal;

async function heard(events: AsyncIterable<string> | undefined): Promise<string> {
  let text = '';
  if (events) for await (const piece of events) text += piece;
  return text;
}

describe('the history up to a response', () => {
  it('is its own and all it continues, oldest first', async () => {
    const responses = createFakeResponses();
    await responses.keep('me', kept('a'));
    await responses.keep('me', kept('b', { previousId: 'a' }));
    const items = await responses.itemsUntil('me', 'b', listening);
    expect(items?.map(({ id }) => id)).toEqual(['a-in', 'a-out', 'b-in', 'b-out']);
  });

  it('is unknown when any of it is gone, or another’s', async () => {
    const responses = createFakeResponses();
    await responses.keep('me', kept('b', { previousId: 'a' }));
    await responses.keep('you', kept('a'));
    expect(await responses.itemsUntil('me', 'b', listening)).toBeUndefined();
    expect(await responses.itemsUntil('you', 'b', listening)).toBeUndefined();
  });

  it('has items to be found', async () => {
    const responses = createFakeResponses();
    await responses.keep('me', kept('a'));
    const wanted = new Map([['a', ['a-out', 'a-in', 'b-in']]]);
    expect([...(await responses.itemsNamed('me', wanted, listening)).keys()]).toEqual(['a-out', 'a-in']);
    expect((await responses.itemsNamed('you', wanted, listening)).size).toBe(0);
  });
});

describe('a reply which cannot be stored', () => {
  it('is a reply all the same', async () => {
    const broken = { ...createFakeResponseStore(), put: () => Promise.reject(new Error('disk full')) };
    await expect(createFakeResponses(broken).keep('me', kept('a'))).resolves.toBeUndefined();
  });

  it('does not start in the background, since it could not be fetched', async () => {
    const broken = { ...createFakeResponseStore(), put: () => Promise.reject(new Error('disk full')) };
    await expect(createFakeResponses(broken).begin('me', kept('a'), openWork())).rejects.toThrow('disk full');
  });
});

describe('a response in the making', () => {
  it('is found as far as it is, then as it ended', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', kept('a'), work);
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'running', response: { status: 'in_progress' } });
    expect(await responses.find('you', 'a')).toBeUndefined();
    work.finish();
    await heard(run.eventsAfter(-1, listening));
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'completed' } });
  });

  it('is stopped when it is cancelled, and kept as it was then', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    await responses.begin('me', kept('a'), work);
    expect(await responses.cancel('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'stopped' } });
    expect(work.stoppedBy).toBeInstanceOf(Cancelled);
    expect(await responses.cancel('you', 'a')).toBeUndefined();
  });

  it('is stopped when the gateway is, and kept', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    await responses.begin('me', kept('a'), work);
    await responses.close(0);
    expect((work.stoppedBy as GatewayError).code).toBe('shutting_down'); // by the gateway alone
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'stopped' } });
  });

  it('has the time that the gateway gives it to end', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    await responses.begin('me', kept('a'), work);
    const closed = responses.close(60_000);
    work.finish();
    await closed;
    expect(work.stoppedBy).toBeUndefined();
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'ended' });
  });

  it('by another process is called off there at its next sign of life', async () => {
    const store = createFakeResponseStore();
    const [here, there] = [createFakeResponses(store), createFakeResponses(store)];
    await there.begin('me', kept('a'), openWork());
    expect(await here.cancel('me', 'a')).toMatchObject({ state: 'cancelled', response: { status: 'cancelled' } });
    expect(await store.keepAlive('me', 'a', 1)).toBe('stopped');
    await there.close(0);
  });

  it('does not come back when another process deletes it, nor changes when it was called off there', async () => {
    const store = createFakeResponseStore();
    const [here, there] = [createFakeResponses(store), createFakeResponses(store)];
    const [deleted, calledOff] = [openWork(), openWork()];
    const runs = [await there.begin('me', kept('a'), deleted), await there.begin('me', kept('b'), calledOff)];
    expect(await here.remove('me', 'a')).toBe(true);
    await here.cancel('me', 'b');
    deleted.finish();
    calledOff.finish();
    for (const run of runs) await heard(run.eventsAfter(-1, listening));
    expect(await here.find('me', 'a')).toBeUndefined();
    expect(await here.find('me', 'b')).toMatchObject({ state: 'cancelled', response: { status: 'cancelled' } });
  });

  it('which ends while another process calls it off is as it ended', async () => {
    const store = createFakeResponseStore();
    const there = createFakeResponses(store);
    const work = openWork();
    const run = await there.begin('me', kept('a'), work);
    const here = createFakeResponses({
      ...store,
      async end(client, stored, nowMs) {
        work.finish();
        await heard(run.eventsAfter(-1, listening));
        return store.end(client, stored, nowMs);
      },
    });
    expect(await here.cancel('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'completed' } });
  });

  it('is stopped before it is deleted, and does not come back however long that takes', async () => {
    const store = createFakeResponseStore();
    const deleting = Promise.withResolvers<void>();
    const responses = createFakeResponses({
      ...store,
      remove: (client, id) => deleting.promise.then(() => store.remove(client, id)),
    });
    const work = openWork();
    const run = await responses.begin('me', kept('a'), work);
    const removed = responses.remove('me', 'a');
    await heard(run.eventsAfter(-1, listening));
    expect(work.stoppedBy).toBeInstanceOf(Cancelled);
    deleting.resolve();
    expect(await removed).toBe(true);
    expect(await responses.find('me', 'a')).toBeUndefined();
  });

  it('cannot be deleted with another key', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', kept('a'), work);
    expect(await responses.remove('you', 'a')).toBe(false);
    expect(run.signal.aborted).toBe(false);
    work.finish();
    await heard(run.eventsAfter(-1, listening));
    expect(await responses.find('me', 'a')).toMatchObject({ response: { status: 'completed' } });
  });

  it('of a process that died is reported as failed once its last heartbeat is old', async () => {
    const clock = createFakeClock();
    const store = createFakeResponseStore();
    const orphan: StoredResponse = { ...kept('a'), state: 'running', aliveUntilMs: clock.now() + 1 };
    await store.put('me', orphan, clock.now());
    const responses = createFakeResponses(store, clock);
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'running' });
    await store.put('me', { ...orphan, aliveUntilMs: clock.now() }, clock.now());
    expect(await responses.find('me', 'a')).toMatchObject({
      state: 'ended',
      response: { status: 'failed', error: { code: 'server_error' } },
    });
  });

  it('is one of a bounded number for each client', async () => {
    const responses = createFakeResponses();
    for (let i = 0; i < 100; i++) await responses.begin('me', kept(`a${i}`), openWork());
    await expect(responses.begin('me', kept('b'), openWork())).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(responses.begin('you', kept('c'), openWork())).resolves.toBeDefined();
    await responses.close(0);
  });

  it('has its place from the moment it is asked for, and leaves it when it cannot be stored', async () => {
    const store = createFakeResponseStore();
    let isBroken = true;
    const responses = createFakeResponses({
      ...store,
      put: (...put) => (isBroken ? Promise.reject(new Error('disk full')) : store.put(...put)),
    });
    const beginAtOnce = (count: number) =>
      Promise.allSettled(Array.from({ length: count }, (_, i) => responses.begin('me', kept(`a${i}`), openWork())));
    const failed = await beginAtOnce(100);
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true);
    isBroken = false;
    const begun = await beginAtOnce(103);
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    expect(begun.at(-1)).toMatchObject({ reason: { code: 'rate_limited' } });
    await responses.close(0);
  });
});

describe('events', () => {
  const event = (name: string) => `event: ${name}\ndata: {}\n\n`;

  it('can be followed from any number on, during the response and afterwards', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', kept('a', { events: event('zero') }), work);
    const early = heard(run.eventsAfter(-1, listening));
    run.say(event('one') + event('two'));
    const late = heard(run.eventsAfter(0, listening));
    run.say(event('three'));
    work.finish();
    expect(await early).toBe(['zero', 'one', 'two', 'three'].map(event).join(''));
    expect(await late).toBe(['one', 'two', 'three'].map(event).join(''));
    const stored = await responses.find('me', 'a');
    if (!stored) throw new Error('it is stored');
    expect(await heard(responses.eventsOf(stored, 1)?.(listening))).toBe(event('two') + event('three'));
    expect(await heard(responses.eventsOf(stored, 9)?.(listening))).toBe('');
  });

  it('are no longer waited for by who has gone', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', kept('a', { events: '' }), work);
    const gone = new AbortController();
    const listener = heard(run.eventsAfter(-1, gone.signal));
    gone.abort();
    expect(await listener).toBe('');
    work.finish();
  });

  it('are kept only of responses which were streamed', async () => {
    const responses = createFakeResponses();
    await responses.keep('me', kept('a'));
    const stored = await responses.find('me', 'a');
    expect(stored && responses.eventsOf(stored, -1)).toBeUndefined();
  });
});
