/** Measures the cost of misuse: `npm run test:hostile`. Run alone, one file after another, because it measures times. */
import { defineConfig } from 'vitest/config';
import { InputTable } from './input-table.ts';

export default defineConfig({
  test: {
    // The last two need no process: a machine has only one address in a /64 that guesses can come from.
    include: ['test/hostile/**/*.test.ts', 'src/http/address-network.test.ts', 'src/http/auth.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    reporters: ['default', new InputTable()],
  },
});
