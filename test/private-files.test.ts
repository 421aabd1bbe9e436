/** The files of the store are private, and no output shows the database's password. */
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHome, runCommand } from './support/command.ts';

describe.skipIf(process.platform === 'win32')('files that an older version left open to others', () => {
  it('become private at the start, with one log line', async () => {
    const home = createHome();
    const folder = join(home, '.dragoman');
    await runCommand(['accounts', 'list'], {}, home);
    const backup = join(folder, 'dragoman-backup.db');
    writeFileSync(backup, '');
    writeFileSync(join(folder, 'notes.txt'), '');
    mkdirSync(join(folder, 'profiles'));
    for (const name of ['dragoman.db', 'dragoman-backup.db', 'secret.key', 'notes.txt'])
      chmodSync(join(folder, name), 0o644);
    chmodSync(folder, 0o755);
    const env = { DRAGOMAN_LOG_FORMAT: 'json' };
    const first = await runCommand(['accounts', 'list'], env, home);
    const lines = first.err.split('\n').filter((line) => line.includes('readable by other users'));
    expect(lines).toHaveLength(1);
    for (const name of ['dragoman.db"', 'dragoman-backup.db"', 'secret.key"', '.dragoman"'])
      expect(lines[0]).toContain(name);
    const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8);
    const files = ['dragoman.db', 'dragoman-backup.db', 'secret.key', 'notes.txt'];
    expect(files.map(modeOf)).toEqual(['600', '600', '600', '644']);
    expect(modeOf('.')).toBe('700');
    expect((await runCommand(['accounts', 'list'], env, home)).err).toBe('');
  });

  it('become private in a folder for all users, which is left as it is', async () => {
    const shared = createHome();
    chmodSync(shared, 0o1777);
    await runCommand(['accounts', 'list'], { DRAGOMAN_HOME: shared }, createHome());
    const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);
    expect([shared, join(shared, 'secret.key')].map(modeOf)).toEqual(['1777', '600']);
  });
});

describe("a database's password", () => {
  it.each([
    'postgres://me:MARKED@127.0.0.1:1/db',
    'postgres://127.0.0.1:1/db?user=me&password=MARKED',
    'postgres://me:MARKED@/db?host=127.0.0.1&port=1',
    'postgres://me:1/MARKED@127.0.0.1:1/db',
    'postgres://me:MARKED/x@127.0.0.1:1/db',
    'mysql://127.0.0.1:1/db?password=MARKED',
    'mysql://me:1/MARKED@127.0.0.1/db',
  ])('is not shown by config: %s', async (url) => {
    for (const name of ['DRAGOMAN_DATABASE_URL', 'DATABASE_URL']) {
      const { out, err } = await runCommand(['config'], { [name]: url });
      expect(`${out}${err}`).not.toContain('MARKED');
      expect(`${out}${err}`).toContain(name);
    }
    const { out, err } = await runCommand(['config', '--json', '--database', url]);
    expect(`${out}${err}`).not.toContain('MARKED');
  });

  it.each([
    ['postgres://127.0.0.1:1/db?user=me&password=MARKED', 'nothing listens there'],
    ['postgres://me:1/MARKED@127.0.0.1:1/db', 'Could not parse'],
    ['postgres://me:MARKED/x@127.0.0.1:1/db', 'Could not parse'],
  ])('is not shown if %s fails', { timeout: 20_000 }, async (url, why) => {
    const env = { DRAGOMAN_DATABASE_URL: url, DRAGOMAN_LOG_LEVEL: 'debug' };
    const { out, err } = await runCommand(['accounts', 'list'], env);
    expect(err).toContain(why);
    expect(`${out}${err}`).not.toContain('MARKED');
  });
});
