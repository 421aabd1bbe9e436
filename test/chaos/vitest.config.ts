/** The complete chaos tests, about a quarter of an hour: `npm run test:chaos`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    globalSetup: ['test/support/temporary-home.ts', 'test/support/postgres-broker.ts'],
    env: { TEST_SCALE: 'full' },
    fileParallelism: false,
  },
});
