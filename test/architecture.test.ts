/** Imports go down only: reads every import in src/ and compares it with the map of layers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Folder → folders it may import besides itself. `*`: anything. Files directly in src/ are the composition root. */
const LAYERS: Record<string, readonly string[] | '*'> = {
  core: [],
  framing: [],
  config: [],
  protocols: ['core', 'framing'],
  upstreams: ['core', 'framing'],
  accounts: ['core'],
  gateway: ['core', 'upstreams/upstream.ts', 'accounts'],
  capsules: ['core', 'framing', 'gateway', 'upstreams/upstream.ts'],
  storage: ['core', 'accounts', 'gateway'],
  media: ['core', 'gateway'],
  transport: ['core', 'accounts', 'gateway', 'upstreams/upstream.ts'],
  http: ['core', 'protocols', 'gateway', 'accounts', 'capsules/format.ts'],
  metrics: ['core', 'accounts', 'gateway'],
  telemetry: ['core'],
  tracing: ['core', 'gateway'],
  simulator: ['core', 'upstreams/codewhisperer/wire.ts'],
  cli: '*',
  library: '*',
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /(?<!\.test)\.ts$/.test(entry.name) ? [path] : [];
  });
}

function localImports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map(([, specifier = '']) => relative(SRC, resolve(file, '..', specifier)));
}

/** Groups of files that import each other, directly or through others. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const reachable = new Map([...imports.keys()].map((file) => [file, reachableFrom(file, imports)]));
  const groups = [...reachable]
    .filter(([file, files]) => files.has(file))
    .map(([file, files]) =>
      [...files]
        .filter((other) => reachable.get(other)?.has(file))
        .sort()
        .join(' ↔ '),
    );
  return [...new Set(groups)];
}

function reachableFrom(start: string, imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(imports.get(start) ?? [])];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    open.push(...(imports.get(file) ?? []));
  }
  return found;
}

function forbiddenImports(file: string, imports: readonly string[]): string[] {
  const folder = file.split('/')[0] ?? '';
  if (!file.includes('/')) return [];
  const allowed = LAYERS[folder];
  if (allowed === undefined) return [`${file}: the folder ${folder} is in no layer`];
  if (allowed === '*') return [];
  return imports
    .filter((target) => target.split('/')[0] !== folder)
    .filter((target) => !allowed.some((rule) => target === rule || target.split('/')[0] === rule))
    .map((target) => `${file} → ${target}`);
}

describe('the layers', () => {
  it('has no import that goes up', () => {
    const broken = sources(SRC).flatMap((file) => forbiddenImports(relative(SRC, file), localImports(file)));
    expect(broken).toEqual([]);
  });

  it('detects an import that goes up', () => {
    expect(forbiddenImports('core/reply.ts', ['http/server.ts'])).toHaveLength(1);
    expect(forbiddenImports('http/answer.ts', ['upstreams/upstream.ts'])).toHaveLength(1);
    expect(forbiddenImports('transport/upstream.ts', ['upstreams/codewhisperer/encode.ts'])).toHaveLength(1);
    expect(forbiddenImports('gateway/dispatch.ts', ['upstreams/codewhisperer/failures.ts'])).toHaveLength(1);
    expect(forbiddenImports('gateway/dispatch.ts', ['upstreams/upstream.ts'])).toEqual([]);
  });

  it('has no import cycle', () => {
    const files = sources(SRC).map((file) => [relative(SRC, file), localImports(file)] as const);
    expect(circles(new Map(files))).toEqual([]);
    expect(
      circles(
        new Map([
          ['a.ts', ['b.ts']],
          ['b.ts', ['c.ts', 'd.ts']],
          ['c.ts', ['a.ts']],
        ]),
      ),
    ).toEqual(['a.ts ↔ b.ts ↔ c.ts']);
  });

  it('keeps every client protocol apart from the others, and what they share apart from each', () => {
    const broken = sources(join(SRC, 'protocols')).flatMap((file) => {
      const own = relative(join(SRC, 'protocols'), file).split('/');
      if (own.length === 1) return [];
      return localImports(file).filter((target) => {
        const [layerFolder, protocol, ...rest] = target.split('/');
        return layerFolder === 'protocols' && rest.length > 0 && protocol !== own[0] && protocol !== 'reading';
      });
    });
    expect(broken).toEqual([]);
  });
});

/** Real time comes from `transport/clock.ts` alone; elsewhere a `Clock` is passed in, so that tests need not wait. */
const REAL_TIME = /\b(?:setTimeout|setInterval|Date\.now|performance\.now)\b|\bnew Date\(\)/;

/** Files and folders that read the real clock all the same, and why. */
const OWN_TIME: Readonly<Record<string, string>> = {
  'transport/': 'the layer of real sockets and of the real clock',
  'simulator/': 'a program of its own, whose tests pass it a clock',
  'core/steps.ts': 'slices of processor time, which a fake clock cannot measure; its tests pass a clock',
  'upstreams/codewhisperer/failures.ts': 'the default of a parameter that tests pass',
  'accounts/imports/': 'reads files of other programs, whose locks and dates are real',
  'gateway/emulate/checking-thread.ts': 'a watchdog over a thread that runs in real time',
  'media/read-document.ts': 'a watchdog over a thread that runs in real time',
  'telemetry/destination.ts': 'batches for a reader in real time, and the last lines of a process that ends',
  'telemetry/log.ts': 'the default of a parameter that tests pass',
  'http/answer.ts': 'pings on a real socket',
  'http/responses/stream-events.ts': 'pings on a real socket',
  'http/broken-request.ts': 'a deadline of a real socket',
  'http/server.ts': 'deadlines of real sockets',
  'http/stalled-clients.ts': 'deadlines of real sockets',
  'http/unread-body.ts': 'a deadline of a real socket',
};

function readsRealTime(file: string, text: string): boolean {
  return REAL_TIME.test(text) && !Object.keys(OWN_TIME).some((place) => file.startsWith(place));
}

describe('time', () => {
  const files = sources(SRC).map((path) => ({ file: relative(SRC, path), text: readFileSync(path, 'utf8') }));

  it('comes from a clock that is passed in', () => {
    expect(files.filter(({ file, text }) => readsRealTime(file, text)).map(({ file }) => file)).toEqual([]);
  });

  it('detects a read of the real clock', () => {
    expect(readsRealTime('accounts/pool.ts', 'const nowMs = Date.now();')).toBe(true);
    expect(readsRealTime('gateway/dispatch.ts', 'setTimeout(work, 5)')).toBe(true);
    expect(readsRealTime('transport/clock.ts', 'Date.now()')).toBe(false);
  });

  it('has no unused exception', () => {
    const isNeeded = (place: string) => files.some(({ file, text }) => file.startsWith(place) && REAL_TIME.test(text));
    expect(Object.keys(OWN_TIME).filter((place) => !isNeeded(place))).toEqual([]);
  });
});

/** Fewer lines than this need a reason. */
const SMALL_FILE_LINES = 25;
const MIN_REASON_WORDS = 5;

/** A small file says in its first comment what it is for; one that only passes on belongs in the file that uses it. */
function lacksReason(text: string): boolean {
  if (text.trimEnd().split('\n').length >= SMALL_FILE_LINES) return false;
  const [, comment = ''] = /^(?:#![^\n]*\n)?\/\*\*(.*?)\*\//s.exec(text) ?? [];
  const words = comment.match(/[\p{L}\p{N}][^\s]*/gu) ?? [];
  return words.length < MIN_REASON_WORDS || onlyPassesOn(text);
}

/** Nothing but imports, re-exports and comments. */
function onlyPassesOn(text: string): boolean {
  const code = text.replaceAll(/\/\*.*?\*\/|\/\/[^\n]*|^#![^\n]*/gs, '');
  return code.replaceAll(/(?:import|export)\s[^;]*?\bfrom\s+'[^']+';/g, '').trim() === '';
}

describe('small files', () => {
  it('have a header comment that says what they are for, and code of their own', () => {
    const small = sources(SRC).filter((path) => lacksReason(readFileSync(path, 'utf8')));
    expect(small.map((path) => relative(SRC, path))).toEqual([]);
  });

  it('are reported without a header comment, with an empty one, or if they only re-export', () => {
    const header = '/** Reads the names of all known models. */';
    expect(lacksReason('export const a = 1;')).toBe(true);
    expect(lacksReason('/** */\nexport const a = 1;')).toBe(true);
    expect(lacksReason('// Reads the names of all known models.\nexport const a = 1;')).toBe(true);
    expect(lacksReason(`${header}\nexport { a } from './a.ts';\nexport type { B } from './b.ts';`)).toBe(true);
    expect(lacksReason(`${header}\nexport const a = 1;`)).toBe(false);
    expect(lacksReason(`#!/usr/bin/env node\n${header}\nexport const a = 1;`)).toBe(false);
    expect(lacksReason('export const a = 1;\n'.repeat(SMALL_FILE_LINES))).toBe(false);
  });
});

/** Lines of each function that has a body. */
function functionLengths(file: string, source: string): readonly { readonly at: string; readonly lines: number }[] {
  const lengths: { at: string; lines: number }[] = [];
  const lineOf = (offset: number) => source.slice(0, offset).split('\n').length;
  const visitor = new Visitor(
    Object.fromEntries(
      ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].map((type) => [
        type,
        ({ start, end }: { readonly start: number; readonly end: number }) =>
          void lengths.push({ at: `${file}:${lineOf(start)}`, lines: lineOf(end) - lineOf(start) + 1 }),
      ]),
    ),
  );
  visitor.visit(parseSync(file, source).program);
  return lengths;
}

describe('functions', () => {
  it('fit on a screen: 60 lines', () => {
    const all = sources(SRC).flatMap((file) => functionLengths(relative(SRC, file), readFileSync(file, 'utf8')));
    expect(all.length).toBeGreaterThan(2_000);
    expect(all.filter(({ lines }) => lines > 60)).toEqual([]);
    expect(functionLengths('a.ts', `const f = () => {\n${'\n'.repeat(60)}};`)).toEqual([{ at: 'a.ts:1', lines: 62 }]);
  });
});
