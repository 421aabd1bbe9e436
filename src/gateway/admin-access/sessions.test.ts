import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createTestDatabase } from '../../../test/support/postgres.ts';
import { openStore } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import { AdminSessions } from './sessions.ts';
import { createTicket, redeemTicket } from './tickets.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const DATABASES: readonly (readonly [string, (home: string) => Promise<string>])[] = [
  ['SQLite', async (home) => `sqlite:${join(home, 'dragoman.db')}`],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      return database.url;
    },
  ],
];

async function openSessions(makeUrl: (home: string) => Promise<string>) {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-sessions-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const store = await openStore({ url: await makeUrl(home), home, secretKey: 'k'.repeat(32), clock: systemClock });
  onTestFinished(() => store.close());
  const clock = createFakeClock();
  const token = { hash: Buffer.alloc(32, 1) };
  const options = {
    store: store.sessions,
    clock,
    lifetimes: () => ({ idleMs: 30 * MINUTE_MS, totalMs: 2 * HOUR_MS }),
    tokenHash: async () => token.hash,
  };
  /** Two processes on one database. */
  return { store, clock, token, sessions: new AdminSessions(options), others: new AdminSessions(options) };
}

describe.each(DATABASES)('sessions in %s', (_, makeUrl) => {
  it('are found by their cookie in every process, and nothing in the database opens one', async () => {
    const { store, sessions, others } = await openSessions(makeUrl);
    const { session, cookie } = await sessions.open('ticket');
    expect(await others.find(cookie)).toEqual(session);
    const stored = await store.sessions.find(session.id);
    expect(stored?.hash).toHaveLength(32);
    expect(JSON.stringify([stored, Buffer.from(stored?.hash ?? []).toString('base64url')])).not.toContain(
      cookie.split('.')[1],
    );
    const [id, secret = ''] = cookie.split('.');
    const wrong = `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`;
    for (const forged of [`${id}.${wrong}`, `${id}.`, `${id}`, '', `${'x'.repeat(16)}.${secret}`, `${cookie}x`])
      expect(await sessions.find(forged)).toBeUndefined();
  });

  it('end after their last use, and after their whole lifetime', async () => {
    const { clock, sessions } = await openSessions(makeUrl);
    const { cookie } = await sessions.open('token');
    clock.advance(29 * MINUTE_MS);
    expect(await sessions.find(cookie)).toMatchObject({ idleUntilMs: clock.now() + 30 * MINUTE_MS });
    clock.advance(29 * MINUTE_MS);
    expect(await sessions.find(cookie, false)).toBeDefined();
    clock.advance(MINUTE_MS);
    expect(await sessions.find(cookie)).toBeUndefined();

    const { cookie: busy } = await sessions.open('token');
    for (let minute = 0; minute < 119; minute += 17) {
      expect(await sessions.find(busy)).toBeDefined();
      clock.advance(17 * MINUTE_MS);
    }
    clock.advance(MINUTE_MS);
    expect(await sessions.find(busy)).toBeUndefined();
  });

  it('end with the admin token', async () => {
    const { token, sessions } = await openSessions(makeUrl);
    const { cookie } = await sessions.open('token');
    token.hash = Buffer.alloc(32, 2);
    expect(await sessions.find(cookie)).toBeUndefined();
  });

  it('end one by one, or all at once, in every process', async () => {
    const { sessions, others } = await openSessions(makeUrl);
    const opened = [await sessions.open('token'), await sessions.open('token'), await others.open('ticket')];
    expect(await others.close(opened[0]?.session.id ?? '')).toBe(1);
    expect(await sessions.find(opened[0]?.cookie ?? '')).toBeUndefined();
    expect(await others.closeAll()).toBe(2);
    expect(await sessions.find(opened[2]?.cookie ?? '')).toBeUndefined();
  });

  it('number at most a hundred: the one used least recently ends first', async () => {
    const { clock, sessions } = await openSessions(makeUrl);
    const opened: string[] = [];
    for (let count = 0; count < 101; count++) {
      clock.advance(1_000);
      opened.push((await sessions.open('token')).cookie);
    }
    expect(await sessions.find(opened[0] ?? '')).toBeUndefined();
    expect(await sessions.find(opened[1] ?? '')).toBeDefined();
    expect(await sessions.closeAll()).toBe(100);
  });
});

describe.each(DATABASES)('tickets in %s', (_, makeUrl) => {
  it('are valid once, for five minutes', async () => {
    const { store, clock } = await openSessions(makeUrl);
    const [once, late, last] = [
      await createTicket(store.tickets, clock),
      await createTicket(store.tickets, clock),
      await createTicket(store.tickets, clock),
    ];
    const taken = await Promise.all([1, 2, 3, 4].map(() => redeemTicket(store.tickets, once, clock)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await redeemTicket(store.tickets, `${once.slice(0, -1)}-`, clock)).toBe(false);
    clock.advance(5 * MINUTE_MS - 1);
    expect(await redeemTicket(store.tickets, last, clock)).toBe(true);
    clock.advance(1);
    expect(await redeemTicket(store.tickets, late, clock)).toBe(false);
  });

  it('number at most twenty, and can all be made invalid', async () => {
    const { store, clock } = await openSessions(makeUrl);
    const tickets: string[] = [];
    for (let count = 0; count < 21; count++) {
      clock.advance(1);
      tickets.push(await createTicket(store.tickets, clock));
    }
    expect(await redeemTicket(store.tickets, tickets[0] ?? '', clock)).toBe(false);
    expect(await redeemTicket(store.tickets, tickets[1] ?? '', clock)).toBe(true);
    await store.tickets.removeAll();
    expect(await redeemTicket(store.tickets, tickets[2] ?? '', clock)).toBe(false);
  });
});
