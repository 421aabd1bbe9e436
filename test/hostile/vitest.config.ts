/** Measures the cost of misuse: `npm run test:hostile`. Run alone, one file after another, because it measures times. */
import { defineConfig } from 'vitest/config';
import { InputTable } from './input-table.ts';

export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    reporters: ['default', new InputTable()],
  },
});
