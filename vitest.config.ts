import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import type { InlineConfig } from 'vitest/node';

export const SHARED: InlineConfig = {
  globalSetup: ['test/support/temporary-home.ts', 'test/support/postgres-broker.ts'],
  // A worker for each file would spend more time on loading modules than on tests; what a test stubs is restored.
  isolate: false,
  // Node runs the files itself, as it runs the program: without rewritten imports, and with a cache of compiled code.
  // A sixth less CPU. It has no `vi.mock`, which no test here may use.
  experimental: { viteModuleRunner: false, nodeLoader: false },
  unstubEnvs: true,
  unstubGlobals: true,
  // One more than there are cores, since many tests wait for a process or a socket.
  maxWorkers: availableParallelism() + 1,
  testTimeout: 40_000,
  hookTimeout: 20_000,
  // What is waited for comes at once, unless the machine is busy. A test that expects nothing cannot fail.
  expect: { poll: { timeout: 10_000 }, requireAssertions: true },
};

/** They start processes, compile, or wait for real time, and take a quarter of the whole: `npm run test:full` has them. */
export const PROCESS_TESTS = [
  'test/admin/events.test.ts',
  'test/admin/other-processes.test.ts',
  'test/conformance/kills.test.ts',
  'test/examples.test.ts',
  'test/exit.test.ts',
  'test/launcher.test.ts',
  'test/ledger.test.ts',
  'test/moving-over.test.ts',
  'test/package.test.ts',
  'test/storage-trouble.test.ts',
  'test/store-not-writable.test.ts',
  'test/walkthroughs.test.ts',
  'test/workers.test.ts',
];

export default defineConfig({
  test: {
    ...SHARED,
    include: ['src/**/*.test.ts', 'console/src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: [
      ...PROCESS_TESTS,
      ...[
        'test/agents/**',
        'test/chaos/**',
        'test/console/**',
        'test/hostile/**',
        'test/official/**',
        'node_modules/**',
      ],
    ],
  },
});
