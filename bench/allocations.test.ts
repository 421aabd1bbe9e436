import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AllocationRecord, countAllocations } from './in-process/allocations.ts';

const baseline: AllocationRecord = JSON.parse(readFileSync(join(import.meta.dirname, 'allocations.json'), 'utf8'));
const major = (version: string) => version.split('.')[0];

// The engine's objects differ in size from version to version.
describe.skipIf(major(process.version) !== major(baseline.node))(`on Node ${baseline.node}`, () => {
  it('allocates no more for a request, a reply and a frame than recorded', () => {
    const figures = countAllocations();
    const hint = `If the increase is worth it, run \`${baseline.update}\` and say why in the commit.`;
    expect(Object.keys(figures)).toEqual(Object.keys(baseline.figures));
    for (const [name, bytes] of Object.entries(figures)) {
      const limit = (baseline.figures[name] ?? 0) * (1 + baseline.margin);
      expect(bytes, `bytes for ${name}. ${hint}`).toBeLessThanOrEqual(limit);
    }
  });
});
