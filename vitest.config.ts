import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import type { InlineConfig } from 'vitest/node';

export const SHARED: InlineConfig = {
  globalSetup: ['test/support/temporary-home.ts', 'test/support/postgres-broker.ts'],
  // A worker for each file would spend more time on loading modules than on tests; what a test stubs is restored.
  isolate: false,
  unstubEnvs: true,
  unstubGlobals: true,
  // One more than there are cores, since many tests wait for a process or a socket.
  maxWorkers: availableParallelism() + 1,
  testTimeout: 40_000,
  hookTimeout: 20_000,
  // What is waited for comes at once, unless the machine is busy.
  // A test that expects nothing cannot fail.
  expect: { poll: { timeout: 10_000 }, requireAssertions: true },
  // For the programs that tests start: most of what one costs is compiling.
  env: { NODE_COMPILE_CACHE: join(tmpdir(), 'dragoman-test-cache', 'dragoman') },
};

export default defineConfig({
  test: {
    ...SHARED,
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: ['test/agents/**', 'test/hostile/**', 'test/official/**', 'node_modules/**'],
  },
});
