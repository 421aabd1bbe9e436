import { defineConfig } from 'vitest/config';

/** The console in a real browser (`CHROMIUM`, or /usr/bin/chromium): one page at a time, since a browser fills a machine. */
export default defineConfig({
  test: {
    include: ['test/console/**/*.test.ts'],
    globalSetup: ['test/support/temporary-home.ts', 'test/console/build.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    isolate: false,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    expect: { poll: { timeout: 15_000 }, requireAssertions: true },
  },
});
