/** Every command, npm script, setting, path and header that the product prints or documents exists. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.ts';
import { createProgram } from '../src/cli/program.ts';
import { SETTING_KEYS, SETTINGS } from '../src/config/settings.ts';
import { type Check, headersIn, pathsIn, unknownCommands, unknownScripts, unknownSettings } from './support/claims.ts';
import { textsOf } from './support/source-text.ts';
import { createTestTerminal } from './support/terminal.ts';
import { startTestGateway } from './support/test-gateway.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const PROGRAM = createProgram(COMMANDS, createTestTerminal().terminal, async () => {});
const { scripts } = JSON.parse(read('package.json'));
const SETTING_NAMES = SETTING_KEYS.map((key) => SETTINGS[key].name);
const CHECKS: Readonly<Record<string, Check>> = {
  command: unknownCommands(PROGRAM),
  'npm script': unknownScripts(scripts),
  setting: unknownSettings(SETTING_NAMES),
};

interface Text {
  readonly place: string;
  readonly text: string;
}

/** Released sections of the changelog describe what existed then. */
const UNRELEASED = /^## Unreleased\n.*?(?=^## (?!Unreleased))/ms;

function documents(): readonly Text[] {
  const pages = globSync(['README*.md', 'CONTRIBUTING.md', 'docs/**/*.md', '.env.example'], { cwd: ROOT });
  const changelog = UNRELEASED.exec(`${read('CHANGELOG.md')}\n## end`)?.[0] ?? '';
  const examples = globSync('examples/*', { cwd: ROOT });
  return [
    ...pages.map((place) => ({ place, text: read(place) })),
    { place: 'CHANGELOG.md', text: changelog },
    // A file of code is code as a whole.
    ...examples.map((place) => ({ place, text: `\`\`\`\n${read(place)}\n\`\`\`` })),
  ];
}

function printed(): readonly Text[] {
  const files = globSync('src/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts'] });
  return files.flatMap((place) => textsOf(place, read(place)).strings.map(({ text }) => ({ place, text })));
}

function helpTexts(command: Command): readonly Text[] {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return [{ place: `${command.name()} --help`, text }, ...command.commands.flatMap(helpTexts)];
}

const TEXTS: readonly Text[] = [...documents(), ...printed(), ...helpTexts(PROGRAM)];

/** Commands that a document describes as another program's. */
const OF_OTHER_PROGRAMS = ['docs/coming-from.md: npm run fix-403'];

describe('what the product prints and documents', () => {
  it('is read from all places', () => {
    const places = new Set(TEXTS.map(({ place }) => place));
    for (const place of ['README.md', 'README.zh-CN.md', 'docs/settings.md', 'CHANGELOG.md', '.env.example'])
      expect(places).toContain(place);
    expect(TEXTS.filter(({ place }) => place.startsWith('src/')).length).toBeGreaterThan(1_000);
    expect(places).toContain('create --help');
    expect(TEXTS.find(({ place }) => place === 'CHANGELOG.md')?.text).toContain('dragoman');
  });

  it.each(Object.entries(CHECKS))('names no %s that does not exist', (_, check) => {
    const problems = TEXTS.flatMap(({ place, text }) => check(text).map((problem) => `${place}: ${problem}`));
    expect(problems.filter((problem) => !OF_OTHER_PROGRAMS.some((named) => problem.startsWith(named)))).toEqual([]);
  });

  it('names no path that the gateway does not serve', async () => {
    await using gateway = await startTestGateway();
    const places = new Map<string, string>();
    for (const { place, text } of TEXTS) for (const path of pathsIn(text)) places.set(path, place);
    expect(places.size).toBeGreaterThan(20);
    const unserved: string[] = [];
    for (const [path, place] of places) if (!(await isServed(gateway.url, path))) unserved.push(`${place}: ${path}`);
    expect(unserved).toEqual([]);
  });

  it('names no header that the code neither reads nor sends', () => {
    const inCode = new Set(printed().map(({ text }) => text.toLowerCase()));
    const unknown = documents().flatMap(({ place, text }) =>
      headersIn(text)
        .filter((name) => !inCode.has(name))
        .map((name) => `${place}: ${name}`),
    );
    expect([...new Set(unknown)]).toEqual([]);
  });
});

/** Whether some method is answered; the refusal of an unknown path names GET /docs. */
async function isServed(url: string, path: string): Promise<boolean> {
  const answer = await fetch(url + path, { method: 'PUT' });
  const text = await answer.text();
  return !text.includes('does not serve');
}

describe('a wrong text', () => {
  it.each([
    ['command', 'Run `dragoman acounts list`.', 'dragoman has no command acounts'],
    ['command', 'Run `./dragoman accounts lst`.', 'accounts has no command lst'],
    ['command', 'Run `dragoman keys create x --expire 90d`.', 'create has no --expire'],
    ['command', '```sh\nFOO=1 dragoman serv --port 1\n```', 'dragoman has no command serv'],
    ['command', 'Run "dragoman signin" first.', 'dragoman has no command signin'],
    ['npm script', '`npm run demmo`', 'npm run demmo: package.json has no such script'],
    ['npm script', '```\nnpm ci && npm tset\n```', 'npm tset: package.json has no such script'],
    ['setting', 'Set DRAGOMAN_PROT.', 'DRAGOMAN_PROT: not a setting'],
  ])('with an unknown %s is found: %s', (name, text, problem) => {
    expect(CHECKS[name]?.(text)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    'Run `dragoman accounts show --json | jq .id` or `npm run cli -- login --region us-east-1`.',
    '`npm ci && npm run demo`, `DRAGOMAN_PORT=1 dragoman serve`, names that begin with `DRAGOMAN_`',
    'dragoman is a gateway, and dragoman serves.',
  ])('is not a correct one: %s', (text) => {
    for (const check of Object.values(CHECKS)) expect(check(text)).toEqual([]);
  });

  it('is found by its paths and headers', async () => {
    expect(pathsIn('`GET /v1/modles` and `curl http://127.0.0.1:8080/v2/acounts/{id}?x=1`')).toEqual([
      '/v1/modles',
      '/v2/acounts/x',
    ]);
    expect(headersIn('`x-dragoman-rout: a`, docs/x-ray.md')).toEqual(['x-dragoman-rout']);
    await using gateway = await startTestGateway();
    expect(await isServed(gateway.url, '/v1/modles')).toBe(false);
    expect(await isServed(gateway.url, '/v2/acounts/x')).toBe(false);
    expect(await isServed(gateway.url, '/v1/models')).toBe(true);
  });

  it('is found inside string literals', () => {
    const template = `\`Run \${x} now\``;
    const source = `/** \`dragoman nothing\` */ import x from './a.ts'; const y = ${template}; z('plain');`;
    expect(textsOf('a.ts', source).strings.map(({ text }) => text)).toEqual(['Run ⟨⟩ now', 'plain']);
  });
});
