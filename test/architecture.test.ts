/** Imports go down only: reads every import in src/ and compares it with the map of layers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Room → rooms it may import besides itself. `*`: anything. Files directly in src/ are the composition root. */
const FLOORS: Record<string, readonly string[] | '*'> = {
  core: [],
  framing: [],
  config: [],
  protocols: ['core', 'framing'],
  upstreams: ['core', 'framing'],
  accounts: ['core'],
  gateway: ['core', 'upstreams/upstream.ts', 'accounts'],
  storage: ['core', 'accounts', 'gateway'],
  media: ['core', 'gateway'],
  transport: ['core', 'accounts', 'gateway', 'upstreams/upstream.ts'],
  http: ['core', 'protocols', 'gateway', 'accounts'],
  telemetry: ['core'],
  simulator: ['core', 'framing', 'upstreams/codewhisperer/wire.ts'],
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
  const room = file.split('/')[0] ?? '';
  if (!file.includes('/')) return [];
  const allowed = FLOORS[room];
  if (allowed === undefined) return [`${file}: the room ${room} is on no floor`];
  if (allowed === '*') return [];
  return imports
    .filter((target) => target.split('/')[0] !== room)
    .filter((target) => !allowed.some((rule) => target === rule || target.split('/')[0] === rule))
    .map((target) => `${file} → ${target}`);
}

describe('the floors', () => {
  it('has no import that goes up', () => {
    const broken = sources(SRC).flatMap((file) => forbiddenImports(relative(SRC, file), localImports(file)));
    expect(broken).toEqual([]);
  });

  it('would notice one', () => {
    expect(forbiddenImports('core/reply.ts', ['http/server.ts'])).toHaveLength(1);
    expect(forbiddenImports('http/answer.ts', ['upstreams/upstream.ts'])).toHaveLength(1);
    expect(forbiddenImports('transport/upstream.ts', ['upstreams/codewhisperer/encode.ts'])).toHaveLength(1);
    expect(forbiddenImports('gateway/dispatch.ts', ['upstreams/codewhisperer/failures.ts'])).toHaveLength(1);
    expect(forbiddenImports('gateway/dispatch.ts', ['upstreams/upstream.ts'])).toEqual([]);
  });

  it('has no circle of imports', () => {
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
        const [room, folder, ...rest] = target.split('/');
        return room === 'protocols' && rest.length > 0 && folder !== own[0] && folder !== 'reading';
      });
    });
    expect(broken).toEqual([]);
  });
});
