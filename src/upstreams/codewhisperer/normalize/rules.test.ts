import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADJUSTMENT_RULES } from './rules.ts';

describe('adjustment rules', () => {
  it('are all used by a pass', () => {
    const folders = [import.meta.dirname, join(import.meta.dirname, '..')];
    const sources = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'rules.ts')
        .map((file) => readFileSync(join(folder, file), 'utf8')),
    );
    const unused = Object.keys(ADJUSTMENT_RULES).filter((rule) => !sources.some((text) => text.includes(`'${rule}'`)));
    expect(unused).toEqual([]);
  });

  it.each(Object.entries(ADJUSTMENT_RULES))('describe %s in one or two sentences', (rule, says) => {
    expect(rule).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(says).toMatch(/^[A-Z].{20,}\.$/);
  });
});
