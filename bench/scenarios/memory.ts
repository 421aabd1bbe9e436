/** Resident memory of a new process, and under load. */
import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '../proc.ts';
import { BUDGETS } from '../report/budgets.ts';
import { toRow } from '../report/rows.ts';
import { type Bench, closedLoop, type Outcome, runJob } from './scenario.ts';

const CONNECTIONS = 32;
const MEGABYTE = 1e6;

export async function memory(bench: Bench): Promise<Outcome> {
  const idle: Record<string, number[]> = {};
  const loaded: Record<string, number[]> = {};
  for (const kind of bench.subjects) {
    const subject = await kind.start(bench.processes, bench.upstreamPort);
    const [target] = subject.targets;
    try {
      if (subject.pid === undefined) continue;
      // Work in the background after the start counts as well.
      await sleep(bench.scale.idleMs);
      idle[kind.name] = [(residentBytes(subject.pid) ?? Number.NaN) / MEGABYTE];
      const job = closedLoop(100, CONNECTIONS, 4 * bench.scale.windowMs);
      const { residentAfter = Number.NaN } = await runJob(bench, 'memory', subject, target, job);
      loaded[kind.name] = [residentAfter / MEGABYTE];
    } finally {
      await subject.stop();
    }
  }
  return {
    rows: [
      toRow({ name: 'memory after the start', unit: 'MB', rounds: idle, budget: BUDGETS.memoryIdle }),
      toRow({
        name: `memory after bursts over ${CONNECTIONS} connections`,
        unit: 'MB',
        rounds: loaded,
        budget: BUDGETS.memoryLoaded,
      }),
    ],
  };
}
