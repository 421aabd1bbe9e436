/** Runs a hostile input against a gateway process and measures what others notice of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, type TestContext } from 'vitest';
import type { GatewayProcess } from './gateway-process.ts';
import type { HealthReport } from './health-probe.ts';

declare module 'vitest' {
  interface TaskMeta {
    hostileInput?: MeasuredInput;
  }
}

/** A row of the table that the run ends with. */
export interface MeasuredInput {
  /** Of `/health` while the input ran, and before it. */
  readonly slowestMs: number;
  readonly controlMs: number;
  readonly beforeBytes: number;
  readonly peakBytes: number;
  readonly afterBytes: number;
}

/** How long anybody else may have to wait. */
const LIMIT_MS = 250;
const CONTROL_MS = 750;
/** After an input, for what it left behind. */
const SETTLING_MS = 500;
/** A busy machine delays an answer once; a blocked event loop delays it every time. */
const TRIES = 3;

/**
 * Runs `input` and fails when a `/health` answer took longer than 250 ms, and what the slowest one without the input
 * took, in each of three tries, or when one failed. `input` must build what it sends beforehand.
 */
export async function measureInput(
  { task }: TestContext,
  gateway: GatewayProcess,
  input: () => Promise<void>,
): Promise<MeasuredInput> {
  const probe = fork(join(import.meta.dirname, 'health-probe.ts'), [gateway.url, String(gateway.pid)], {
    execArgv: [],
  });
  onTestFinished(() => void probe.kill('SIGKILL'));
  let best: MeasuredInput | undefined;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const measured = await measureOnce(probe, input);
    if (best === undefined || measured.slowestMs < best.slowestMs) best = measured;
    task.meta.hostileInput = best;
    if (isFast(best)) return best;
  }
  expect(best, 'the slowest /health answer').toSatisfy(isFast);
  throw new Error('unreachable: no try was fast');
}

function isFast({ slowestMs, controlMs }: MeasuredInput): boolean {
  return slowestMs <= LIMIT_MS + controlMs;
}

async function measureOnce(probe: ChildProcess, input: () => Promise<void>): Promise<MeasuredInput> {
  await reportOf(probe);
  await setTimeout(CONTROL_MS);
  const control = await reportOf(probe);
  await input();
  const during = await reportOf(probe);
  await setTimeout(SETTLING_MS);
  const after = await reportOf(probe);
  expect(control.answers, 'answers of /health before the input').toBeGreaterThan(0);
  expect(during.failures + after.failures, 'failures of /health').toBe(0);
  return {
    slowestMs: Math.max(during.slowestMs, after.slowestMs),
    controlMs: control.slowestMs,
    beforeBytes: control.bytes,
    peakBytes: Math.max(during.peakBytes, during.bytes, after.peakBytes),
    afterBytes: after.bytes,
  };
}

async function reportOf(probe: ChildProcess): Promise<HealthReport> {
  probe.send('report');
  const [report] = await once(probe, 'message');
  return report as HealthReport; // by health-probe.ts
}
