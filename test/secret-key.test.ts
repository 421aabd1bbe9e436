/** `dragoman secret-key rotate`: its exit code, its output and the resulting database. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '../src/storage/open.ts';
import { systemClock } from '../src/transport/clock.ts';
import { createHome, runCommand, startCommand } from './support/command.ts';
import { newAccount } from './support/fake-accounts.ts';

const KEY = 'k'.repeat(32);

async function createDatabase(home: string, secretKey?: string): Promise<void> {
  await inDatabase(home, secretKey, async (store) => void (await store.accounts.put(newAccount('a'), 1)));
}

async function inDatabase<T>(
  home: string,
  secretKey: string | undefined,
  work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>,
): Promise<T> {
  const folder = join(home, '.dragoman');
  const store = await openStore({
    url: `sqlite:${join(folder, 'dragoman.db')}`,
    home: folder,
    secretKey,
    clock: systemClock,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const tokenIn = (home: string, secretKey?: string) =>
  inDatabase(home, secretKey, async ({ accounts }) => (await accounts.find('a'))?.credential);

it('replaces the old key file', async () => {
  const home = createHome();
  await createDatabase(home);
  const file = join(home, '.dragoman', 'secret.key');
  const before = readFileSync(file, 'utf8');
  const { code, out, err } = await runCommand(['secret-key', 'rotate', '--json'], {}, home);
  expect([code, JSON.parse(out), err]).toEqual([0, { event: 'rotated', accounts: 1 }, '']);
  const after = readFileSync(file, 'utf8');
  expect(after).not.toBe(before);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(out).not.toContain(after.trim());
  expect(await tokenIn(home)).toMatchObject({ refreshToken: 'a-refresh-0' });
});

it('reads a new DRAGOMAN_SECRET_KEY from a file or from standard input, and does not print it', async () => {
  const home = createHome();
  await createDatabase(home, KEY);
  const [one, other] = ['x'.repeat(40), 'y'.repeat(40)];
  writeFileSync(join(home, 'new.key'), `${one}\n`);
  const args = ['secret-key', 'rotate', '--new-key-file'];
  const first = await runCommand([...args, 'new.key'], { DRAGOMAN_SECRET_KEY: KEY }, home);
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toContain('Set DRAGOMAN_SECRET_KEY to the new key');
  const second = startCommand([...args, '-'], { DRAGOMAN_SECRET_KEY: one }, home);
  second.child.stdin.end(other);
  expect(await second.end()).toMatchObject({ code: 0, err: '' });
  expect(first.out).not.toContain(one);
  expect(await tokenIn(home, other)).toMatchObject({ refreshToken: 'a-refresh-0' });
});

it.each([
  ['the key is a setting and no new one is named', [], { DRAGOMAN_SECRET_KEY: KEY }, '--new-key-file new.key'],
  ['the new key is too short', ['--new-key-file', 'short.key'], {}, 'needs at least 32'],
  ['there is no such file', ['--new-key-file', 'none.key'], {}, 'Could not read the new key from none.key (ENOENT)'],
  ['the database is in memory', ['--database', 'sqlite::memory:'], {}, 'has no key to rotate'],
])('exits with 2 and changes nothing if %s', async (_name, args, env: Record<string, string>, words) => {
  const home = createHome();
  await createDatabase(home, env.DRAGOMAN_SECRET_KEY);
  writeFileSync(join(home, 'short.key'), 'short');
  const { code, err } = await runCommand(['secret-key', 'rotate', ...args], env, home);
  expect([code, err]).toEqual([2, expect.stringContaining(words)]);
  expect(await tokenIn(home, env.DRAGOMAN_SECRET_KEY)).toMatchObject({ refreshToken: 'a-refresh-0' });
});

it('exits with 1 and changes nothing under a wrong key', async () => {
  const home = createHome();
  await createDatabase(home, KEY);
  writeFileSync(join(home, 'new.key'), 'x'.repeat(40));
  const wrong = { DRAGOMAN_SECRET_KEY: 'w'.repeat(32) };
  const { code, err } = await runCommand(['secret-key', 'rotate', '--new-key-file', 'new.key'], wrong, home);
  expect([code, err]).toEqual([1, expect.stringContaining('Nothing was changed')]);
  expect(existsSync(join(home, '.dragoman', 'secret.key.next'))).toBe(false);
  expect(await tokenIn(home, KEY)).toMatchObject({ refreshToken: 'a-refresh-0' });
});
