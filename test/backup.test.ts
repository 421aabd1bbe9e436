/** `dragoman backup` and `dragoman restore`: exit codes, output, files and the resulting database. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHome, runCommand } from './support/command.ts';

const KEY = { DRAGOMAN_SECRET_KEY: 'k'.repeat(40) };

async function homeWithKey(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const home = createHome();
  expect((await runCommand(['keys', 'create', 'laptop'], env, home)).code).toBe(0);
  return home;
}

const keyNames = async (home: string, env = {}) => {
  const { keys } = JSON.parse((await runCommand(['keys', 'list', '--json'], env, home)).out);
  return keys.map(({ name }: { name: string }) => name);
};

it('moves everything to another machine that has the key', async () => {
  const home = await homeWithKey();
  const file = join(home, 'all.backup');
  const written = await runCommand(['backup', file], {}, home);
  expect(written).toMatchObject({ code: 0, err: '' });
  expect(written.out).toContain('Wrote 0 accounts, 1 key and 0 requests to');
  expect(written.out).toContain('secret.key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain('laptop');

  const other = createHome();
  const early = await runCommand(['restore', file], {}, other);
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('copy its file secret.key to')]);
  expect(existsSync(join(other, '.dragoman'))).toBe(false);
  mkdirSync(join(other, '.dragoman'));
  copyFileSync(join(home, '.dragoman/secret.key'), join(other, '.dragoman/secret.key'));
  const { code, out } = await runCommand(['restore', file, '--json'], {}, other);
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ accounts: 0, keys: 1, requests: 0 })]);
  expect(await keyNames(other)).toEqual(['laptop']);
});

it('replaces accounts and keys only when that is confirmed', async () => {
  const home = await homeWithKey(KEY);
  expect((await runCommand(['backup', 'all.backup'], KEY, home)).code).toBe(0);
  await runCommand(['keys', 'create', 'later'], KEY, home);
  const refused = await runCommand(['restore', 'all.backup'], KEY, home);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('0 accounts and 2 keys')]);
  expect(await keyNames(home, KEY)).toHaveLength(2);
  expect((await runCommand(['restore', 'all.backup', '--yes'], KEY, home)).code).toBe(0);
  expect(await keyNames(home, KEY)).toEqual(['laptop']);
});

it('refuses what it cannot use, and changes nothing', async () => {
  const home = await homeWithKey(KEY);
  expect((await runCommand(['backup', 'all.backup'], KEY, home)).code).toBe(0);
  copyFileSync(join(home, 'all.backup'), join(home, 'half.backup'));
  truncateSync(join(home, 'half.backup'), statSync(join(home, 'half.backup')).size - 20);
  writeFileSync(join(home, 'notes.txt'), 'Hello\n');
  const memory = ['--database', 'sqlite::memory:'];
  const cases: [string[], Readonly<Record<string, string>>, number, string][] = [
    [['backup'], KEY, 2, 'needs a file'],
    [['backup', 'all.backup'], KEY, 1, 'already exists'],
    [['backup', 'absent/all.backup'], KEY, 1, 'Could not write'],
    [['backup', 'x.backup', ...memory], KEY, 2, 'in-memory'],
    [['restore'], KEY, 2, 'needs the file'],
    [['restore', 'absent.backup'], KEY, 1, 'Could not read'],
    [['restore', '.'], KEY, 1, 'Could not read'],
    [['restore', 'notes.txt'], KEY, 1, 'is not a backup'],
    [['restore', 'half.backup', '--yes'], KEY, 1, 'is damaged. Nothing was changed'],
    [['restore', 'all.backup', '--yes'], { DRAGOMAN_SECRET_KEY: 'x'.repeat(40) }, 1, 'another secret key'],
    [['restore', 'all.backup', ...memory], KEY, 2, 'in-memory'],
  ];
  for (const [args, env, code, message] of cases) {
    const result = await runCommand(args, env, home);
    expect([result.code, result.err], args.join(' ')).toEqual([code, expect.stringContaining(message)]);
  }
  expect(existsSync(join(home, 'x.backup'))).toBe(false);
  expect(await keyNames(home, KEY)).toEqual(['laptop']);
});
