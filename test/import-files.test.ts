/** `dragoman accounts import` with files of other gateways. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHome, runCommand } from './support/command.ts';

const credential = (name: string, more: object = {}) => ({
  refreshToken: `aorAAAAAG${name.repeat(200).slice(0, 200)}`,
  clientId: `client-${name}`,
  clientSecret: `secret-${name}`,
  ...more,
});

function createFiles(files: Readonly<Record<string, unknown>>) {
  const home = createHome();
  for (const [name, content] of Object.entries(files)) {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return (...args: string[]) => runCommand(['accounts', ...args], {}, home);
}

describe('dragoman accounts import FILE…', { timeout: 60_000 }, () => {
  it('imports from every readable file, and reports each', async () => {
    const run = createFiles({
      'kiro.rs/credentials.json': [credential('a', { id: 1 }), credential('b', { id: 2 })],
      'broken.json': '{"refreshToken": ',
      'work.json': credential('c'),
      'named.json': credential('d', { email: 'me@example.com', clientId: 'client-named' }),
    });
    const files = ['kiro.rs/credentials.json', 'broken.json', 'work.json', 'missing.json', 'named.json'];
    const { code, out, err } = await run('import', ...files, '--yes');
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(
      /\n2 +0 +0 +0 +kiro\.rs\/credentials\.json\n0 +0 +0 +1 +broken\.json\n1 +0 +0 +0 +work\.json\n/,
    );
    expect(out).toMatch(/\n0 +0 +0 +1 +missing\.json\n1 +0 +0 +0 +named\.json\n/);
    const { accounts } = JSON.parse((await run('list', '--json')).out);
    const labels = accounts.map(({ label }: { label: string }) => label).toSorted();
    expect(labels).toEqual(['kiro.rs #1', 'kiro.rs #2', 'me@example.com', 'work']);
  });

  it('says what is wrong with a folder, and which source had nothing', async () => {
    const run = createFiles({ 'folder/one.json': credential('a') });
    const folder = await run('import', 'folder', '--yes');
    expect([folder.code, folder.out]).toEqual([1, expect.stringContaining('Pass the path of the file itself')]);
    expect((await run('import', '--from', 'kiro-cli,sso-cache', '--yes')).out).toContain('(kiro-cli, sso-cache)');
    const mistyped = await run('import', 'folder/one.json', '--profile-arn', 'arn', '--yes');
    expect([mistyped.code, mistyped.err]).toEqual([2, expect.stringContaining('is not a profile ARN')]);
  });

  it('succeeds if a second import finds nothing new, and reports it as JSON', async () => {
    const run = createFiles({ 'one.json': credential('a'), 'two.json': credential('b') });
    expect((await run('import', 'one.json', '--yes')).code).toBe(0);
    const { code, out } = await run('import', 'one.json', 'two.json', '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).files).toEqual([
      { file: 'one.json', imported: 0, known: 1, left: 0, unusable: 0 },
      { file: 'two.json', imported: 1, known: 0, left: 0, unusable: 0 },
    ]);
  });
});
