/** The tests whose length `scaled` decides, at their full length: `npm run test:full`. The chaos has a command of its own. */
import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { SHARED } from '../vitest.config.ts';

const include = globSync('{src,test}/**/*.test.ts').filter(
  (file) => !file.startsWith('test/chaos/') && readFileSync(file, 'utf8').includes('scaled({'),
);

export default defineConfig({
  test: { ...SHARED, include, env: { TEST_SCALE: 'full' }, testTimeout: 300_000 },
});
