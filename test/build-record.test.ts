import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isBuildCurrent, recordBuild } from '../tools/build-record.js';

/** A checkout of one source and one program. */
function createCheckout(): string {
  const root = mkdtempSync(join(tmpdir(), 'dragoman-build-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'src'));
  mkdirSync(join(root, 'dist'));
  writeFileSync(join(root, 'src/a.ts'), 'one');
  writeFileSync(join(root, 'dist/a.js'), 'one');
  return root;
}

function record(root: string, beganMs = Date.now() + 1_000): void {
  recordBuild(root, { sources: ['src/a.ts'], beganMs, built: ['dist/a.js'] });
}

it('takes a build for current until a file that it was built from, or a program, changes', () => {
  const root = createCheckout();
  expect(isBuildCurrent(root)).toBe(false);
  record(root);
  expect(isBuildCurrent(root)).toBe(true);
  appendFileSync(join(root, 'src/a.ts'), '!');
  expect(isBuildCurrent(root)).toBe(false);
  record(root);
  expect(isBuildCurrent(root)).toBe(true);
  rmSync(join(root, 'dist/a.js'));
  expect(isBuildCurrent(root)).toBe(false);
});

it('notices a file replaced by one of the same size and time of modification, as archives do', () => {
  const root = createCheckout();
  const file = join(root, 'src/a.ts');
  const seconds = 1_000_000_000;
  utimesSync(file, seconds, seconds);
  record(root);
  expect(isBuildCurrent(root)).toBe(true);
  writeFileSync(file, 'two');
  utimesSync(file, seconds, seconds);
  expect(statSync(file).mtimeMs).toBe(seconds * 1_000);
  expect(isBuildCurrent(root)).toBe(false);
});

it('records nothing if a source changed while it was built', () => {
  const root = createCheckout();
  record(root, Date.now() - 60_000);
  expect(isBuildCurrent(root)).toBe(false);
});
