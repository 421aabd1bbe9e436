/**
 * Loaded into a subject with `--import`: on SIGUSR2, writes how many bytes the process has allocated on the JavaScript heap to the
 * file that BENCH_ALLOCATIONS_FILE names.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';

const file = process.env.BENCH_ALLOCATIONS_FILE ?? '';

process.on('SIGUSR2', () => {
  writeFileSync(`${file}.new`, String(getHeapStatistics().total_allocated_bytes));
  renameSync(`${file}.new`, file);
});
