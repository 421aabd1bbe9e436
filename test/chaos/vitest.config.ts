/** All of the chaos, a quarter of an hour of it: `npm run test:chaos`. A part of it runs with the other tests. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    globalSetup: ['test/support/postgres-broker.ts'],
    env: { TEST_SCALE: 'full' },
    fileParallelism: false,
  },
});
