/** Bytes that a whole process allocates on the JavaScript heap, for a reply and for a frame. Unlike times, hardly noisy. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { toRow } from '../report/rows.ts';
import { dragomanWith } from '../subjects/dragoman.ts';
import { bareWith } from '../subjects/relay.ts';
import type { Subject, SubjectKind } from '../subjects/subject.ts';
import { type Bench, closedLoop, isDragoman, type Outcome, runJob, warmUp } from './scenario.ts';

const FRAMES = [10, 1000] as const;
const ANSWER_LIMIT_MS = 10_000;

export async function allocations(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const file = join(bench.processes.makeFolder('allocations'), 'bytes');
  const preload = pathToFileURL(join(import.meta.dirname, '../in-process/report-allocations.ts')).href;
  // Not an argument, so that it survives if dragoman starts itself again with other flags.
  const environment = { NODE_OPTIONS: `--import=${preload}`, BENCH_ALLOCATIONS_FILE: file };
  const perReply: Record<string, number[]> = {};
  const perFrame: Record<string, number[]> = {};
  for (const kind of [dragomanWith('dragoman', environment), bareWith(environment)]) {
    const [short, long] = await bytesPerReply(bench, kind, file);
    perReply[kind.name] = [short / 1000];
    perFrame[kind.name] = [(long - short) / (FRAMES[1] - FRAMES[0])];
  }
  return {
    rows: [
      toRow({ name: `allocated for a reply of ${FRAMES[0]} frames`, unit: 'kB', rounds: perReply }),
      toRow({ name: 'allocated for one more frame in a burst', unit: 'bytes', rounds: perFrame }),
    ],
  };
}

/** For each of FRAMES. */
async function bytesPerReply(bench: Bench, kind: SubjectKind, file: string): Promise<readonly [number, number]> {
  const subject = await kind.start(bench.processes, bench.upstreamPort);
  const measured = async (frames: number) => {
    const job = { ...closedLoop(frames, 4, 30_000), maxReplies: bench.scale.isQuick ? 500 : 3_000 };
    const before = await allocatedBytes(subject, file);
    const { replies } = await runJob(bench, 'allocations', subject, subject.targets[0], job);
    return ((await allocatedBytes(subject, file)) - before) / replies;
  };
  try {
    await runJob(bench, 'warm-up', subject, subject.targets[0], warmUp(bench.scale));
    return [await measured(FRAMES[0]), await measured(FRAMES[1])];
  } finally {
    await subject.stop();
  }
}

async function allocatedBytes({ name, pid }: Subject, file: string): Promise<number> {
  if (pid === undefined) throw new Error(`${name} has no process`);
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const beganMs = performance.now();
  while (performance.now() - beganMs < ANSWER_LIMIT_MS) {
    await sleep(5);
    const text = readOrUndefined(file);
    if (text !== undefined) return Number(text);
  }
  throw new Error(`${name} did not report its allocations`);
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
