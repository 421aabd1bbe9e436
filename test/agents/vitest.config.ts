import { defineConfig } from 'vitest/config';

/** Real agents are slow to start and share the machine: one at a time, with generous timeouts. */
export default defineConfig({
  test: {
    include: ['test/agents/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
