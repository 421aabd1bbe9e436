/** What a browser loads before the first page is drawn. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const BUILD = join(import.meta.dirname, '../../dist/console');
const asset = (name: string) => join(BUILD, 'assets', name);
const KILOBYTE = 1_000;

/** As sent with gzip. */
function sentBytes(name: string): number {
  const compressed = `${asset(name)}.gz`;
  return statSync(existsSync(compressed) ? compressed : asset(name)).size;
}

/** The scripts that these load at once, and those in turn. */
function withImports(names: readonly string[], found = new Set<string>()): ReadonlySet<string> {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const imported = readFileSync(asset(name), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g);
    withImports(
      [...imported].map(([, file = '']) => file),
      found,
    );
  }
  return found;
}

it('loads at most 350 kB of scripts before the first page', () => {
  const document = readFileSync(join(BUILD, 'index.html'), 'utf8');
  const first = withImports([...document.matchAll(/assets\/([\w.-]+\.js)/g)].map(([, name = '']) => name));
  const total = [...first].reduce((sum, name) => sum + sentBytes(name), 0);
  expect(first.size).toBeGreaterThan(2);
  expect(total).toBeGreaterThan(50 * KILOBYTE);
  expect(total).toBeLessThan(350 * KILOBYTE);
  // What draws charts comes later, with the first chart.
  expect([...first].filter((name) => name.startsWith('chart-drawing'))).toEqual([]);
});
