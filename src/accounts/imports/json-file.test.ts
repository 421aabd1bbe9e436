import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { editJson, readJson } from './json-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-json-'));
  path = join(folder, 'a.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('reads again if the owner writes meanwhile, and edits the new content', async () => {
  writeFileSync(path, '{"by":"us"}');
  const seen: unknown[] = [];
  const written = await editJson(path, (value) => {
    seen.push(value);
    if (seen.length === 1) writeFileSync(path, '{"by":"them"}');
    return { seen: seen.length };
  });
  expect([written, seen]).toEqual([true, [{ by: 'us' }, { by: 'them' }]]);
  expect(readFileSync(path, 'utf8')).toBe('{"seen":2}');
});

it('gives up on a file that keeps changing, and leaves no temporary file', async () => {
  writeFileSync(path, '0');
  let count = 0;
  const editing = editJson(path, () => {
    writeFileSync(path, `${++count}`);
    return {};
  });
  await expect(editing).rejects.toMatchObject({ code: 'locked' });
  expect(readdirSync(folder)).toEqual(['a.json']);
});

it('waits for a file that is being written', async () => {
  writeFileSync(path, '{"half":');
  const reading = readJson(path);
  setTimeout(() => writeFileSync(path, '{"half":false}'), 20);
  expect(await reading).toEqual({ half: false });
});

it('keeps a symbolic link, the indentation and the last newline', async () => {
  writeFileSync(join(folder, 'real.json'), '{\n\t"a": 1\n}\n');
  symlinkSync('real.json', path);
  expect(await editJson(path, () => ({ a: 2 }))).toBe(true);
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, 'real.json'), 'utf8')).toBe('{\n\t"a": 2\n}\n');
});

it('reports why a file cannot be read', async () => {
  await expect(readJson(path)).rejects.toMatchObject({ code: 'missing' });
  // Fails like a file of another user, even if the tests run as root.
  symlinkSync('a.json', path);
  const message = expect.stringContaining('Check its owner and mode');
  await expect(readJson(path)).rejects.toMatchObject({ code: 'unreadable', message });
});

it('reads a file with a byte order mark', async () => {
  writeFileSync(path, '\uFEFF[1]');
  expect(await readJson(path)).toEqual([1]);
});
