/**
 * `npm run test:full`: the tests whose length `scaled` decides, at their full length, and those that start many processes.
 * The chaos has a command of its own.
 */
import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { PROCESS_TESTS, SHARED } from '../vitest.config.ts';

const scaled = globSync('{src,test}/**/*.test.ts').filter(
  (file) => !file.startsWith('test/chaos/') && readFileSync(file, 'utf8').includes('scaled({'),
);

export default defineConfig({
  test: { ...SHARED, include: [...scaled, ...PROCESS_TESTS], env: { TEST_SCALE: 'full' }, testTimeout: 300_000 },
});
