import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { ResponseLimits, StoredResponse } from '../gateway/response-store.ts';
import { systemClock } from '../transport/clock.ts';
import { openStore, type Store } from './open.ts';

const LIMITS: ResponseLimits = { count: 3, bytes: 1024 * 1024, ageMs: 1_000 };
const SECRET = 'The blue bicycle is a secret.';

let home: string;
const stores: Store[] = [];
const databases: TestDatabase[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-responses-'));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const database of databases.splice(0)) await database.drop();
  rmSync(home, { recursive: true });
});

async function open(url: string, responses = LIMITS): Promise<Store> {
  const store = await openStore({ url, home, secretKey: 'k'.repeat(32), clock: systemClock, responses });
  stores.push(store);
  return store;
}

const URLS: Readonly<Record<string, () => Promise<string>>> = {
  'SQLite in a file': async () => `sqlite:${join(home, 'dragoman.db')}`,
  PostgreSQL: async () => {
    const database = await createTestDatabase();
    databases.push(database);
    return database.url;
  },
};

const response = (id: string, more: Partial<StoredResponse> = {}): StoredResponse => ({
  id,
  response: { id, output: [{ text: SECRET }] },
  input: [{ role: 'user', content: SECRET }],
  previousId: undefined,
  events: undefined,
  state: 'ended',
  aliveUntilMs: 0,
  ...more,
});

describe.each(Object.keys(URLS))('stored responses in %s', (kind) => {
  const openHere = async (limits?: ResponseLimits) => (await open((await URLS[kind]?.()) ?? '', limits)).responses;

  it('are returned unchanged, only to their client', async () => {
    const responses = await openHere();
    const stored = response('a', { previousId: 'p', events: 'event: x\ndata: {}\n\n' });
    await responses.put('me', stored, 10);
    expect(await responses.find('me', 'a', 10)).toEqual(stored);
    expect(await responses.find('you', 'a', 10)).toBeUndefined();
    expect(await responses.remove('you', 'a')).toBe(false);
    expect(await responses.keepAlive('you', 'a', 20)).toBe('stopped');
    await responses.put('you', response('a', { previousId: 'theft' }), 10);
    expect(await responses.find('me', 'a', 10)).toMatchObject({ previousId: 'p' });
    expect(await responses.remove('me', 'a')).toBe(true);
    expect(await responses.find('me', 'a', 10)).toBeUndefined();
  });

  it('are deleted when there are too many, the least recently used first', async () => {
    const responses = await openHere();
    for (const [i, id] of ['a', 'b', 'c'].entries()) await responses.put('me', response(id), i);
    await responses.put('you', response('z'), 3);
    await responses.find('me', 'a', 4);
    await responses.put('me', response('d'), 5);
    const left = await Promise.all(['a', 'b', 'c', 'd'].map((id) => responses.find('me', id, 6)));
    expect(left.map((found) => found?.id)).toEqual(['a', undefined, 'c', 'd']);
    expect(await responses.find('you', 'z', 6)).toBeDefined();
  });

  it('are not looked through for excess with each one', async () => {
    const responses = await openHere({ ...LIMITS, count: 64 });
    const ids = Array.from({ length: 70 }, (_, i) => `r${i}`);
    for (const [i, id] of ids.entries()) await responses.put('me', response(id), i);
    const left = await Promise.all(ids.map((id) => responses.find('me', id, 70)));
    // The first one and each fourth after it are followed by a search.
    expect(left.flatMap((found) => found?.id ?? [])).toEqual(ids.slice(-65));
  });

  it.each([
    ['does not record a use', 999, ['b', 'c', 'd']],
    ['records a use', 1_000, ['a', 'c', 'd']],
  ])('%s %i ms after the last one, with a maximum age of 4,320 s', async (_what, foundAtMs, left) => {
    const responses = await openHere({ ...LIMITS, ageMs: 4_320_000 });
    for (const [i, id] of ['a', 'b', 'c'].entries()) await responses.put('me', response(id), i);
    await responses.find('me', 'a', foundAtMs);
    await responses.put('me', response('d'), 1_000);
    const found = await Promise.all(['a', 'b', 'c', 'd'].map((id) => responses.find('me', id, 1_000)));
    expect(found.flatMap((one) => one?.id ?? [])).toEqual(left);
  });

  it('are used together, unless one is missing, too old or of another client', async () => {
    const responses = await openHere({ ...LIMITS, count: 200 });
    const ids = Array.from({ length: 120 }, (_, i) => `r${i}`);
    for (const id of ids) await responses.put('me', response(id), 0);
    await responses.put('you', response('z'), 0);
    expect(await responses.useAll('me', ids, 900)).toBe(true);
    expect(await responses.useAll('me', [...ids, 'z'], 900)).toBe(false);
    expect(await responses.useAll('me', [...ids, 'missing'], 900)).toBe(false);
    // The use at 900 counts.
    expect(await responses.useAll('me', ids, 1_900)).toBe(true);
    expect(await responses.useAll('me', ids, 2_901)).toBe(false);
    expect(await responses.useAll('me', [], 2_901)).toBe(true);
  });

  it('are deleted when too large in total, except the newest', async () => {
    const responses = await openHere({ ...LIMITS, bytes: 600 });
    await responses.put('me', response('a'), 1);
    await responses.put('me', response('b'), 2);
    await responses.put('me', response('c', { events: 'x'.repeat(1_000) }), 3);
    expect(await responses.find('me', 'b', 3)).toBeUndefined();
    expect(await responses.find('me', 'c', 3)).toBeDefined();
  });

  it('are deleted when they have not been used for long', async () => {
    const responses = await openHere();
    await responses.put('me', response('a'), 0);
    expect(await responses.find('me', 'a', 900)).toBeDefined();
    expect(await responses.find('me', 'a', 1_900)).toBeDefined();
    expect(await responses.find('me', 'a', 2_901)).toBeUndefined();
  });

  it('have a state while they are in progress', async () => {
    const responses = await openHere();
    await responses.put('me', response('a', { state: 'running', aliveUntilMs: 5 }), 0);
    expect(await responses.keepAlive('me', 'a', 50)).toBe('running');
    expect(await responses.find('me', 'a', 0)).toMatchObject({ state: 'running', aliveUntilMs: 50 });
    await responses.put('me', response('a', { state: 'cancelled' }), 0);
    expect(await responses.keepAlive('me', 'a', 60)).toBe('stopped');
  });

  it('end once, with the result of the first that ended them', async () => {
    const responses = await openHere();
    const ended = response('a', { response: { status: 'completed' } });
    await responses.put('me', response('a', { state: 'running', aliveUntilMs: 5 }), 0);
    expect(await responses.replaceRunning('you', ended, 1)).toBe(false);
    expect(await responses.find('you', 'a', 1)).toBeUndefined();
    expect(await responses.replaceRunning('me', ended, 1)).toBe(true);
    expect(await responses.replaceRunning('me', response('a', { state: 'cancelled' }), 1)).toBe(false);
    expect(await responses.find('me', 'a', 1)).toEqual(ended);
  });

  it('end as cancelled and do not end again', async () => {
    const responses = await openHere();
    const cancelled = response('a', { state: 'cancelled' });
    await responses.put('me', response('a', { state: 'running', aliveUntilMs: 5 }), 0);
    expect(await responses.replaceRunning('me', cancelled, 1)).toBe(true);
    expect(await responses.replaceRunning('me', response('a'), 1)).toBe(false);
    expect(await responses.find('me', 'a', 1)).toEqual(cancelled);
  });

  it('stay deleted when they end', async () => {
    const responses = await openHere();
    await responses.put('me', response('a', { state: 'running', aliveUntilMs: 5 }), 0);
    await responses.remove('me', 'a');
    expect(await responses.replaceRunning('me', response('a'), 1)).toBe(false);
    expect(await responses.find('me', 'a', 1)).toBeUndefined();
  });

  it('are deleted if ending makes them too large in total', async () => {
    const responses = await openHere({ ...LIMITS, bytes: 600 });
    await responses.put('me', response('b'), 1);
    await responses.put('me', response('a', { state: 'running', aliveUntilMs: 5 }), 2);
    expect(await responses.replaceRunning('me', response('a', { events: 'x'.repeat(1_000) }), 3)).toBe(true);
    expect(await responses.find('me', 'b', 3)).toBeUndefined();
    expect(await responses.find('me', 'a', 3)).toBeDefined();
  });
});

describe('on the disk', () => {
  it('cannot be read without the key, and are encrypted again under another key', async () => {
    const path = join(home, 'dragoman.db');
    const store = await open(`sqlite:${path}`);
    await store.responses.put('me', response('a'), 1);
    const next = 'n'.repeat(32);
    await store.rotateKey(next);
    await stores.pop()?.close();
    expect(readFileSync(path).includes('blue bicycle')).toBe(false);
    const database = new DatabaseSync(path);
    const [row] = database.prepare('select * from responses').all();
    database.close();
    expect(JSON.stringify(row)).not.toContain('bicycle');
    const again = await openStore({
      url: `sqlite:${path}`,
      home,
      secretKey: next,
      clock: systemClock,
      responses: LIMITS,
    });
    stores.push(again);
    expect(await again.responses.find('me', 'a', 1)).toEqual(response('a'));
  });
});
