/**
 * A separate program, so that the test's own work is not measured: requests a gateway's `/health` without pause and reads
 * the memory of its process. `node health-probe.ts URL PID`; answers each message `report` with a HealthReport since the
 * previous one.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';

export interface HealthReport {
  /** The slowest answer, including failed ones. */
  readonly slowestMs: number;
  readonly answers: number;
  /** Requests refused, broken off, or answered with a status other than 200. */
  readonly failures: number;
  /** Resident memory in bytes at its highest and now; 0 where there is no /proc. */
  readonly peakBytes: number;
  readonly bytes: number;
}

const PAUSE_MS = 40;
const TIMEOUT_MS = 30_000;
const PAGE_BYTES = 4096;
const NOTHING: HealthReport = { slowestMs: 0, answers: 0, failures: 0, peakBytes: 0, bytes: 0 };

const [, , url = '', pid = ''] = process.argv;
let seen = NOTHING;
let outstandingSinceMs: number | undefined;

process.on('message', () => {
  // A pending answer counts with its time so far.
  const waitedMs = outstandingSinceMs === undefined ? 0 : performance.now() - outstandingSinceMs;
  process.send?.({ ...seen, slowestMs: Math.max(seen.slowestMs, waitedMs), bytes: residentBytes() });
  seen = NOTHING;
});
process.on('disconnect', () => process.exit());

for (;;) {
  const beganMs = performance.now();
  outstandingSinceMs = beganMs;
  const isAnswered = await asksHealth();
  outstandingSinceMs = undefined;
  seen = {
    ...seen,
    slowestMs: Math.max(seen.slowestMs, performance.now() - beganMs),
    answers: seen.answers + (isAnswered ? 1 : 0),
    failures: seen.failures + (isAnswered ? 0 : 1),
    peakBytes: Math.max(seen.peakBytes, residentBytes()),
  };
  await setTimeout(PAUSE_MS);
}

function asksHealth(): Promise<boolean> {
  return new Promise((resolve) => {
    // A new connection per request, because accepting it is part of the work.
    const probe = request(new URL('/health', url), { agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume().once('close', () => resolve(response.statusCode === 200));
    });
    probe.once('timeout', () => probe.destroy());
    probe.once('error', () => resolve(false)).end();
  });
}

function residentBytes(): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0; // no /proc on this system, or the process has ended
  }
}
