import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: ['test/agents/**', 'test/official/**', 'node_modules/**'],
    globalSetup: ['test/support/postgres-broker.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // What is waited for comes at once, unless the machine is busy.
    expect: { poll: { timeout: 10_000 } },
  },
});
