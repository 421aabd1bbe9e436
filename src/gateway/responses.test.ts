import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createFakeResponseStore, createFakeResponses } from '../../test/support/fake-responses.ts';
import type { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { StoredResponse } from './response-store.ts';
import { Cancelled, type ResponseContent, type Work } from './responses.ts';
import type { Run } from './run.ts';

const content = (id: string, more: Partial<ResponseContent> = {}): ResponseContent => ({
  id,
  response: { id, output: [{ id: `${id}-out` }] },
  input: [{ id: `${id}-in` }],
  previousId: undefined,
  events: undefined,
  ...more,
});

/** Work that lasts until `finish` is called or the run is stopped. */
function openWork(): Work & { finish(): void; readonly stoppedBy: unknown } {
  let response: JsonObject = { status: 'in_progress' };
  let stoppedBy: unknown;
  const done = Promise.withResolvers<void>();
  return {
    response: () => response,
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

const event = (name: string) => `event: ${name}\ndata: {}\n\n`;

const neverAborted = new AbortController().signal;

async function textOf(events: AsyncIterable<string> | undefined): Promise<string> {
  let text = '';
  if (events) for await (const piece of events) text += piece;
  return text;
}

describe('the history up to a response', () => {
  it('has the items of the response and of all that it continues, oldest first', async () => {
    const responses = createFakeResponses();
    await responses.save('me', content('a'));
    await responses.save('me', content('b', { previousId: 'a' }));
    const items = await responses.itemsUntil('me', 'b', neverAborted);
    expect(items?.map(({ id }) => id)).toEqual(['a-in', 'a-out', 'b-in', 'b-out']);
  });

  it('is undefined when a part is missing or belongs to another client', async () => {
    const responses = createFakeResponses();
    await responses.save('me', content('b', { previousId: 'a' }));
    await responses.save('you', content('a'));
    expect(await responses.itemsUntil('me', 'b', neverAborted)).toBeUndefined();
    expect(await responses.itemsUntil('you', 'b', neverAborted)).toBeUndefined();
  });

  it('is undefined when a part that was read before is deleted, here or by another process', async () => {
    const store = createFakeResponseStore();
    const [here, there] = [createFakeResponses(store), createFakeResponses(store)];
    for (const [id, previousId] of [['a'], ['b', 'a'], ['c', 'b']] as const)
      await here.save('me', content(id, { previousId }));
    const read = () => here.itemsUntil('me', 'c', neverAborted);
    expect(await read()).toHaveLength(6);
    expect(await read()).toHaveLength(6);
    expect(await here.itemsUntil('you', 'c', neverAborted)).toBeUndefined();
    await there.remove('me', 'a');
    expect(await read()).toBeUndefined();
    await here.save('me', content('a'));
    await here.remove('me', 'b');
    expect(await read()).toBeUndefined();
  });

  it('contains items that can be looked up by id', async () => {
    const responses = createFakeResponses();
    await responses.save('me', content('a'));
    const wanted = new Map([['a', ['a-out', 'a-in', 'b-in']]]);
    expect([...(await responses.itemsNamed('me', wanted, neverAborted)).keys()]).toEqual(['a-out', 'a-in']);
    expect((await responses.itemsNamed('you', wanted, neverAborted)).size).toBe(0);
  });
});

describe('a response that cannot be stored', () => {
  it('does not fail the reply', async () => {
    const broken = { ...createFakeResponseStore(), put: () => Promise.reject(new Error('disk full')) };
    await expect(createFakeResponses(broken).save('me', content('a'))).resolves.toBeUndefined();
  });

  it('does not start in the background, since it could not be fetched', async () => {
    const broken = { ...createFakeResponseStore(), put: () => Promise.reject(new Error('disk full')) };
    await expect(createFakeResponses(broken).begin('me', content('a'), openWork())).rejects.toThrow('disk full');
  });
});

describe('a background response', () => {
  it('can be read while it is running and after its end', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', content('a'), work);
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'running', response: { status: 'in_progress' } });
    expect(await responses.find('you', 'a')).toBeUndefined();
    work.finish();
    await textOf(run.eventsAfter(-1, neverAborted));
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'completed' } });
  });

  it('is stopped when it is cancelled, and stored as it is then', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    await responses.begin('me', content('a'), work);
    expect(await responses.cancel('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'stopped' } });
    expect(work.stoppedBy).toBeInstanceOf(Cancelled);
    expect(await responses.cancel('you', 'a')).toBeUndefined();
  });

  it('is stopped with the gateway, and stored', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    await responses.begin('me', content('a'), work);
    await responses.close(0);
    expect((work.stoppedBy as GatewayError).code).toBe('shutting_down'); // the only reason in this test
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'stopped' } });
  });

  it('may end within the time that the gateway allows for closing', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    await responses.begin('me', content('a'), work);
    const closed = responses.close(60_000);
    work.finish();
    await closed;
    expect(work.stoppedBy).toBeUndefined();
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'ended' });
  });

  it('is cancelled in another process at its next heartbeat', async () => {
    const store = createFakeResponseStore();
    const [here, there] = [createFakeResponses(store), createFakeResponses(store)];
    await there.begin('me', content('a'), openWork());
    expect(await here.cancel('me', 'a')).toMatchObject({ state: 'cancelled', response: { status: 'cancelled' } });
    expect(await store.keepAlive('me', 'a', 1)).toBe('stopped');
    await there.close(0);
  });

  it('does not reappear after another process deletes it, nor change after another process cancels it', async () => {
    const store = createFakeResponseStore();
    const [here, there] = [createFakeResponses(store), createFakeResponses(store)];
    const [deleted, cancelled] = [openWork(), openWork()];
    const runs = [await there.begin('me', content('a'), deleted), await there.begin('me', content('b'), cancelled)];
    expect(await here.remove('me', 'a')).toBe(true);
    await here.cancel('me', 'b');
    deleted.finish();
    cancelled.finish();
    for (const run of runs) await textOf(run.eventsAfter(-1, neverAborted));
    expect(await here.find('me', 'a')).toBeUndefined();
    expect(await here.find('me', 'b')).toMatchObject({ state: 'cancelled', response: { status: 'cancelled' } });
  });

  it('keeps its result if it ends while another process cancels it', async () => {
    const store = createFakeResponseStore();
    const there = createFakeResponses(store);
    const work = openWork();
    const run = await there.begin('me', content('a'), work);
    const here = createFakeResponses({
      ...store,
      async replaceRunning(client, stored, nowMs) {
        work.finish();
        await textOf(run.eventsAfter(-1, neverAborted));
        return store.replaceRunning(client, stored, nowMs);
      },
    });
    expect(await here.cancel('me', 'a')).toMatchObject({ state: 'ended', response: { status: 'completed' } });
  });

  it('is stopped before it is deleted, and does not reappear however long that takes', async () => {
    const store = createFakeResponseStore();
    const deleting = Promise.withResolvers<void>();
    const responses = createFakeResponses({
      ...store,
      remove: (client, id) => deleting.promise.then(() => store.remove(client, id)),
    });
    const work = openWork();
    const run = await responses.begin('me', content('a'), work);
    const removed = responses.remove('me', 'a');
    await textOf(run.eventsAfter(-1, neverAborted));
    expect(work.stoppedBy).toBeInstanceOf(Cancelled);
    deleting.resolve();
    expect(await removed).toBe(true);
    expect(await responses.find('me', 'a')).toBeUndefined();
  });

  it('cannot be deleted with another key', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', content('a'), work);
    expect(await responses.remove('you', 'a')).toBe(false);
    expect(run.signal.aborted).toBe(false);
    work.finish();
    await textOf(run.eventsAfter(-1, neverAborted));
    expect(await responses.find('me', 'a')).toMatchObject({ response: { status: 'completed' } });
  });

  it('of a process that died is reported as failed once its last heartbeat is old', async () => {
    const clock = createFakeClock();
    const store = createFakeResponseStore();
    const orphan: StoredResponse = { ...content('a'), state: 'running', aliveUntilMs: clock.now() + 1 };
    await store.put('me', orphan, clock.now());
    const responses = createFakeResponses(store, clock);
    expect(await responses.find('me', 'a')).toMatchObject({ state: 'running' });
    await store.put('me', { ...orphan, aliveUntilMs: clock.now() }, clock.now());
    expect(await responses.find('me', 'a')).toMatchObject({
      state: 'ended',
      response: { status: 'failed', error: { code: 'server_error' } },
    });
    await store.put('me', { ...orphan, aliveUntilMs: clock.now(), events: event('zero') }, clock.now());
    const stored = await responses.find('me', 'a');
    const events = await textOf(stored && responses.eventsOf('me', stored, 0)?.(neverAborted));
    expect(events).toMatch(/^event: response\.failed\ndata: \{.*"sequence_number":1,.*"status":"failed".*\n\n$/);
  });

  it('is rejected beyond 100 per client', async () => {
    const responses = createFakeResponses();
    for (let i = 0; i < 100; i++) await responses.begin('me', content(`a${i}`), openWork());
    await expect(responses.begin('me', content('b'), openWork())).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(responses.begin('you', content('c'), openWork())).resolves.toBeDefined();
    await responses.close(0);
  });

  it('counts from the moment of the request, and no longer once it cannot be stored', async () => {
    const store = createFakeResponseStore();
    let isBroken = true;
    const responses = createFakeResponses({
      ...store,
      put: (...put) => (isBroken ? Promise.reject(new Error('disk full')) : store.put(...put)),
    });
    const beginAtOnce = (count: number) =>
      Promise.allSettled(Array.from({ length: count }, (_, i) => responses.begin('me', content(`a${i}`), openWork())));
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
  it('can be read from any sequence number, during the response and afterwards', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', content('a', { events: event('zero') }), work);
    const early = textOf(run.eventsAfter(-1, neverAborted));
    run.append(event('one') + event('two'));
    const late = textOf(run.eventsAfter(0, neverAborted));
    run.append(event('three'));
    work.finish();
    expect(await early).toBe(['zero', 'one', 'two', 'three'].map(event).join(''));
    expect(await late).toBe(['one', 'two', 'three'].map(event).join(''));
    const stored = await responses.find('me', 'a');
    if (!stored) throw new Error('the response was not stored');
    expect(await textOf(responses.eventsOf('me', stored, 1)?.(neverAborted))).toBe(event('two') + event('three'));
    expect(await textOf(responses.eventsOf('me', stored, 9)?.(neverAborted))).toBe('');
  });

  it('are read from the store while another process produces them', async () => {
    const store = createFakeResponseStore();
    const clock = createFakeClock();
    const [here, there] = [createFakeResponses(store, clock), createFakeResponses(store, createFakeClock())];
    const work = openWork();
    const run = await there.begin('me', content('a', { events: event('zero') }), work);
    run.append(event('one'));
    const stored = await here.find('me', 'a');
    if (!stored) throw new Error('the response was not stored');
    const pieces = here.eventsOf('me', stored, -1)?.(neverAborted)[Symbol.asyncIterator]();
    expect(await pieces?.next()).toEqual({ value: event('zero'), done: false });
    const rest = pieces?.next();
    run.append(event('two'));
    work.finish();
    await textOf(run.eventsAfter(-1, neverAborted));
    expect(await rest).toEqual({ value: event('one') + event('two'), done: false });
    expect(await pieces?.next()).toMatchObject({ done: true });
    expect(await textOf(here.eventsOf('me', stored, 1)?.(neverAborted))).toBe(event('two'));
  });

  it('end with the response when another process cancels it', async () => {
    const store = createFakeResponseStore();
    const [here, there] = [createFakeResponses(store), createFakeResponses(store)];
    const output = [{ type: 'message', status: 'in_progress' }];
    const begun = content('a', { response: { status: 'in_progress', output }, events: event('zero') });
    await there.begin('me', begun, openWork());
    expect(await here.cancel('me', 'a')).toMatchObject({
      response: { status: 'cancelled', output: [{ status: 'incomplete' }] },
    });
    const stored = await here.find('me', 'a');
    const events = await textOf(stored && here.eventsOf('me', stored, 0)?.(neverAborted));
    expect(events).toMatch(/^event: response\.failed\ndata: \{.*"sequence_number":1,.*"status":"cancelled".*\n\n$/);
    await there.close(0);
  });

  it('are saved at each heartbeat', async () => {
    const store = createFakeResponseStore();
    const clock = createFakeClock();
    const there = createFakeResponses(store, clock);
    const work = openWork();
    const run = await there.begin('me', content('a', { events: event('zero') }), work);
    run.append(event('one'));
    clock.advance(5_000);
    await expect.poll(async () => (await store.find('me', 'a', 0))?.events).toBe(event('zero') + event('one'));
    expect(await store.find('me', 'a', 0)).toMatchObject({ state: 'running', response: { status: 'in_progress' } });
    await createFakeResponses(store, clock).cancel('me', 'a');
    clock.advance(5_000);
    await expect.poll(() => work.stoppedBy).toBeInstanceOf(Cancelled);
  });

  it('end for a reader of another process that disconnects', async () => {
    const store = createFakeResponseStore();
    const [here, there] = [createFakeResponses(store), createFakeResponses(store)];
    await there.begin('me', content('a', { events: event('zero') }), openWork());
    const stored = await here.find('me', 'a');
    const gone = new AbortController();
    const read = stored && textOf(here.eventsOf('me', stored, -1)?.(gone.signal));
    gone.abort();
    expect(await read).toBe(event('zero'));
    await there.close(0);
  });

  it('end for a reader that disconnects', async () => {
    const responses = createFakeResponses();
    const work = openWork();
    const run = await responses.begin('me', content('a', { events: '' }), work);
    const gone = new AbortController();
    const listener = textOf(run.eventsAfter(-1, gone.signal));
    gone.abort();
    expect(await listener).toBe('');
    work.finish();
  });

  it('are stored only for streamed responses', async () => {
    const responses = createFakeResponses();
    await responses.save('me', content('a'));
    const stored = await responses.find('me', 'a');
    expect(stored && responses.eventsOf('me', stored, -1)).toBeUndefined();
  });
});
