import { defineConfig } from 'vitest/config';

/** Official clients are large and slow to start: one at a time. They are installed first, which may take minutes. */
export default defineConfig({
  test: {
    include: ['test/official/**/*.test.ts'],
    testTimeout: 50_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
