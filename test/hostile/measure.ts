/** Runs a hostile input against a gateway process and measures its effect on others. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, type TestContext } from 'vitest';
import type { GatewayProcess } from './gateway-process.ts';
import type { HealthReport } from './health-probe.ts';
import { processorSlowness } from './processor-speed.ts';

declare module 'vitest' {
  interface TaskMeta {
    hostileInput?: MeasuredInput;
  }
}

/** A row of the table printed after the run. */
export interface MeasuredInput {
  /** Latency of `/health` during the input, and before it. */
  readonly slowestMs: number;
  readonly controlMs: number;
  /** The longest turn of the event loop during the input, and after it. */
  readonly turnMs: number;
  readonly beforeBytes: number;
  readonly peakBytes: number;
  readonly afterBytes: number;
}

/** How long another client may wait, on a machine that may be busy. */
const LIMIT_MS = 250;
/** How long a turn of the event loop may use the processor, if it is as fast as the reference in processor-speed.ts. */
const TURN_LIMIT_MS = 50;
const CONTROL_MS = 750;
/** Time after an input for its remaining work. */
const SETTLING_MS = 500;
/** A busy machine delays an answer once; a blocked event loop delays it every time. */
const TRIES = 5;

/**
 * Runs `input` up to five times, and fails when each time a turn of the event loop was longer than 50 ms (more on a slower
 * processor) or a `/health` answer took longer than 250 ms plus what the slowest one without the input took, or when one
 * failed. `input` must build what it sends beforehand.
 */
export async function measureInput(
  { task }: TestContext,
  gateway: GatewayProcess,
  input: () => Promise<void>,
  turnLimitMs = TURN_LIMIT_MS,
): Promise<MeasuredInput> {
  const probe = fork(join(import.meta.dirname, 'health-probe.ts'), [gateway.url, String(gateway.pid)], {
    execArgv: [],
  });
  onTestFinished(() => void probe.kill('SIGKILL'));
  let best: MeasuredInput | undefined;
  let limitMs = turnLimitMs;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    limitMs = Math.max(limitMs, turnLimitMs * processorSlowness());
    const measured = await measureOnce(probe, gateway, input);
    if (best === undefined || measured.turnMs < best.turnMs) best = measured;
    task.meta.hostileInput = best;
    if (isFast(best, limitMs)) return best;
  }
  expect(best, `the longest turn (at most ${limitMs.toFixed(0)} ms) and the slowest /health answer`).toSatisfy(
    (measured: MeasuredInput) => isFast(measured, limitMs),
  );
  throw new Error('unreachable: no try was fast');
}

function isFast({ slowestMs, controlMs, turnMs }: MeasuredInput, turnLimitMs: number): boolean {
  return turnMs <= turnLimitMs && slowestMs <= LIMIT_MS + controlMs;
}

async function measureOnce(
  probe: ChildProcess,
  gateway: GatewayProcess,
  input: () => Promise<void>,
): Promise<MeasuredInput> {
  await reportOf(probe);
  await setTimeout(CONTROL_MS);
  const control = await reportOf(probe);
  const sinceMs = Date.now();
  await input();
  const during = await reportOf(probe);
  await setTimeout(SETTLING_MS);
  const after = await reportOf(probe);
  expect(control.answers, 'answers of /health before the input').toBeGreaterThan(0);
  expect(during.failures + after.failures, 'failures of /health').toBe(0);
  return {
    slowestMs: Math.max(during.slowestMs, after.slowestMs),
    controlMs: control.slowestMs,
    turnMs: gateway.longestTurnMs(sinceMs),
    beforeBytes: control.bytes,
    peakBytes: Math.max(during.peakBytes, during.bytes, after.peakBytes),
    afterBytes: after.bytes,
  };
}

async function reportOf(probe: ChildProcess): Promise<HealthReport> {
  probe.send('report');
  const [report] = await once(probe, 'message');
  return report as HealthReport; // from health-probe.ts
}
