import { defineConfig } from 'vitest/config';

/**
 * Real agents are slow to start and share the machine: two at a time, with generous timeouts. Much of the time goes into waiting, for
 * a registry and for the seconds that a 429 asks for.
 */
export default defineConfig({
  test: {
    include: ['test/agents/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
