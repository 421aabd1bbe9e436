/** Databases that are locked, full, damaged, of another version or missing: each gets its own error message. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { newAccount } from '../../test/support/fake-accounts.ts';
import { ask, createTestDatabase } from '../../test/support/postgres.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../transport/clock.ts';
import { DatabaseAccountStore } from './accounts.ts';
import { putKeyCheck } from './key-check.ts';
import { migrate } from './migrations.ts';
import { openStore, type Store } from './open.ts';
import { openPostgres } from './postgres.ts';
import { withRetry } from './retry.ts';
import { createSeal } from './seal.ts';
import { openSqlite } from './sqlite.ts';

/** Ten times as fast: the five seconds of `withRetry` take half a second, enough for several attempts. */
const CLOCK: Clock = { ...systemClock, elapsed: () => systemClock.elapsed() * 10 };
const KEY = 'k'.repeat(32);
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-trouble-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const file = () => join(home, 'dragoman.db');

async function open(url = `sqlite:${file()}`): Promise<Store> {
  const store = await openStore({ url, home, secretKey: KEY, clock: CLOCK });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await store.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { ...store, close };
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it went well'),
    (cause: unknown) => cause,
  );

function messageWith(words: string): object {
  return { code: 'storage_unavailable', message: expect.stringContaining(words) };
}

/** Another process that locks the whole file. */
function lockFile(): { release(): void } {
  const other = new DatabaseSync(file());
  other.exec('pragma locking_mode = exclusive; begin exclusive');
  onTestFinished(() => {
    if (other.isOpen) other.close();
  });
  return { release: () => other.close() };
}

describe('a SQLite file', () => {
  it('that another process has locked is waited for, then reported', { timeout: 30_000 }, async () => {
    await (await open()).close();
    const { release } = lockFile();
    expect(await failure(open())).toMatchObject(messageWith('another process keeps it locked'));
    release();
    expect(await (await open()).accounts.list()).toEqual([]);
  });

  it('that is locked while it serves loses nothing', { timeout: 30_000 }, async () => {
    const { accounts } = await open();
    const read = await accounts.put(newAccount('a'), 1);
    const { release } = lockAgainstWriters();
    expect(await failure(accounts.saveSecrets(read, read, 2))).toMatchObject(
      messageWith('another process keeps it locked'),
    );
    expect(await accounts.find('a')).toEqual(read);
    release();
    expect(await accounts.saveSecrets(read, read, 2)).toMatchObject({ version: 2 });
  });

  it('on a full disk fails with that reason, keeps its contents and works again once there is room', async () => {
    const database = openSqlite(file(), systemClock);
    onTestFinished(() => database.close());
    const seal = createSeal(Buffer.alloc(32, 1));
    await database.prepare();
    await migrate(database, 1);
    await putKeyCheck(database.db, seal);
    const accounts = new DatabaseAccountStore(database, seal);
    const first = await accounts.put(newAccount('a'), 1);
    // SQLite reports the same error as for a full disk: SQLITE_FULL.
    await sql`pragma max_page_count = 1`.execute(database.db);
    const large = newAccount('b', { label: 'x'.repeat(100_000) });
    const error = await failure(accounts.put(large, 2));
    expect(error).toMatchObject(messageWith('the disk is full. Free some space; existing data is intact'));
    expect(String(error)).not.toContain('refresh-0');
    expect(await accounts.list()).toEqual([first]);
    await sql`pragma max_page_count = 100000`.execute(database.db);
    expect(await accounts.put(large, 3)).toMatchObject({ id: 'b' });
  });

  it.each([
    ['that is a directory', () => mkdirSync(file()), 'Could not open'],
    ['that is not a database', () => writeFileSync(file(), 'x'.repeat(5_000)), 'the file is not a database'],
    ['that is damaged', () => writeFileSync(file(), damaged()), 'damaged'],
    ['with an unreadable key file', () => mkdirSync(join(home, 'secret.key')), 'secret.key. Check its owner'],
  ])('%s is refused with the reason', async (_name, prepare, words) => {
    prepare();
    const opening = openStore({ url: `sqlite:${file()}`, home, secretKey: undefined, clock: CLOCK });
    expect(await failure(opening)).toMatchObject(messageWith(words));
  });

  it.each(['', '/below'])('in a home that is a file%s is refused with the name of its setting', async (below) => {
    const notFolder = join(home, 'file');
    writeFileSync(notFolder, '');
    const options = { home: `${notFolder}${below}`, secretKey: undefined, clock: CLOCK };
    const opening = openStore({ url: `sqlite:${options.home}/dragoman.db`, ...options });
    expect(await failure(opening)).toMatchObject(messageWith('is not a folder'));
    expect(String(await failure(openStore({ url: `sqlite:${file()}`, ...options })))).toContain('DRAGOMAN_HOME');
  });

  it('that a newer dragoman has written is left alone', async () => {
    await (await open()).close();
    const raw = new DatabaseSync(file());
    raw.exec("insert into migrations (number, name, applied_at_ms) values (999, 'later', 1)");
    raw.close();
    expect(await failure(open())).toMatchObject(messageWith('was written by a newer dragoman (schema 999'));
  });

  it('opens only with its own key', async () => {
    await (await open()).close();
    const opening = openStore({ url: `sqlite:${file()}`, home, secretKey: 'w'.repeat(32), clock: CLOCK });
    expect(await failure(opening)).toMatchObject(messageWith('Nothing was changed'));
  });
});

/** Readers may continue, as during any long write. */
function lockAgainstWriters(): { release(): void } {
  const other = new DatabaseSync(file());
  other.exec('begin immediate');
  onTestFinished(() => {
    if (other.isOpen) other.close();
  });
  return { release: () => other.close() };
}

/** A valid database header followed by invalid data. */
function damaged(): Buffer {
  const database = new DatabaseSync(':memory:');
  database.exec('create table t (a)');
  database.close();
  const bytes = Buffer.alloc(8192, 0xff);
  bytes.write('SQLite format 3\0', 0, 'latin1');
  Buffer.from([0x10, 0x00, 1, 1, 0, 64, 32, 32]).copy(bytes, 16);
  return bytes;
}

describe('PostgreSQL', () => {
  async function database(): Promise<URL> {
    const created = await createTestDatabase();
    onTestFinished(() => created.drop());
    return new URL(created.url);
  }

  it.each([
    [
      'with a wrong password',
      (url: URL) => Object.assign(url, { password: 'PASSWORDCANARY' }),
      'the password is wrong',
    ],
    ['without such a database', (url: URL) => Object.assign(url, { pathname: '/nowhere' }), 'no database of that name'],
    ['where nothing listens', (url: URL) => Object.assign(url, { port: '1' }), 'nothing listens there'],
    ['with an unknown host', (url: URL) => Object.assign(url, { hostname: 'db.invalid' }), 'its host is unknown'],
  ])('%s is refused with the reason', { timeout: 30_000 }, async (_name, change, words) => {
    const url = change(await database());
    const error = await failure(open(url.href));
    expect(error).toMatchObject(messageWith(words));
    expect(String(error)).not.toContain(url.password);
  });

  it('that a newer dragoman has written is left alone, and opens only with its own key', async () => {
    const { href } = await database();
    await (await open(href)).close();
    const wrong = openStore({ url: href, home, secretKey: 'w'.repeat(32), clock: CLOCK });
    expect(await failure(wrong)).toMatchObject(messageWith('Nothing was changed'));
    await ask(href, "insert into migrations (number, name, applied_at_ms) values (999, 'later', 1)");
    expect(await failure(open(href))).toMatchObject(messageWith('was written by a newer dragoman (schema 999'));
  });

  it('that goes away is waited for, then reported; once it is back everything works again', {
    timeout: 60_000,
  }, async () => {
    const url = await database();
    const line = await createLine(Number(url.port));
    const store = await open(Object.assign(new URL(url), { port: String(line.port) }).href);
    const { accounts } = store;
    const read = await accounts.put(newAccount('a'), 1);
    await line.cut();
    expect(await failure(accounts.find('a'))).toMatchObject({ code: 'storage_unavailable' });
    expect(await failure(accounts.exclusively('a', async () => {}))).toMatchObject({ code: 'storage_unavailable' });
    await line.mend();
    expect(await accounts.find('a')).toEqual(read);
    expect(await accounts.exclusively('a', async () => 'mine')).toBe('mine');
    // Writes of other processes are noticed again as well.
    const mark = accounts.changeMark();
    const other = await open(url.href);
    await expect
      .poll(
        async () => {
          await other.accounts.put(newAccount('b'), 1);
          return accounts.changeMark();
        },
        { timeout: 20_000, interval: 100 },
      )
      .toBeGreaterThan(mark);
  });

  it('that takes too long to answer is reported, and no later query waits for it', async () => {
    const { href } = await database();
    const silent = openPostgres(href, CLOCK, 200);
    onTestFinished(() => silent.close());
    const asking = withRetry(CLOCK, () => sql`select pg_sleep(60)`.execute(silent.db));
    expect(await failure(asking)).toMatchObject(messageWith('a query timed out. Check that the server is healthy'));
    const within = silent.db.transaction().execute((transaction) => sql`select pg_sleep(60)`.execute(transaction));
    expect(await failure(withRetry(CLOCK, () => within))).toMatchObject(messageWith('a query timed out'));
    const ended = await sql<{ one: number }>`select 1 as one`.execute(silent.db);
    expect(ended.rows).toEqual([{ one: 1 }]);
  });

  it('is listened to on one connection however often it is started, and on none once closed', async () => {
    const { href } = await database();
    const listening = () =>
      ask(href, "select 1 from pg_stat_activity where query like 'listen %' and datname = current_database()");
    const opened = openPostgres(href, CLOCK);
    await Promise.all([opened.prepare(), opened.prepare()]);
    await opened.prepare();
    await expect.poll(listening).toHaveLength(1);
    await opened.close();
    await expect.poll(listening).toHaveLength(0);
  });

  it('lets one process at a time hold an account, and several accounts be held at once', {
    timeout: 30_000,
  }, async () => {
    const { href } = await database();
    const [one, other] = [await open(href), await open(href)];
    let inside = 0;
    let most = 0;
    const hold = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
    };
    await Promise.all([one, other, one, other].map(({ accounts }) => accounts.exclusively('a', hold)));
    expect(most).toBe(1);
    const ids = Array.from({ length: 30 }, (_, index) => `id${index}`);
    await Promise.all(ids.map((id) => one.accounts.exclusively(id, hold)));
    expect(most).toBeGreaterThan(1);
  });
});

interface Line {
  readonly port: number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A connection to the server that can be cut and restored. */
async function createLine(toPort: number): Promise<Line> {
  const { connect } = await import('node:net');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    });
  onTestFinished(async () => {
    if (server.listening) await cut();
  });
  return { port, cut, mend: () => listen(port) };
}
