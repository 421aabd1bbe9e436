/** What misuse costs a gateway: `npm run test:hostile`. Alone, one file after another, since it measures times. */
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
