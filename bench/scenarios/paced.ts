/** Streams that stay open, with frames at a fixed pace, as models write them. Through OpenAI's protocol. */
import type { Job, Measured } from '../measure.ts';
import { BUDGETS } from '../report/budgets.ts';
import { toRow } from '../report/rows.ts';
import { DIRECT } from '../subjects/relay.ts';
import type { SubjectKind } from '../subjects/subject.ts';
import { cpuPerFrameUs, figuresOf, type Series } from './rounds.ts';
import { type Bench, type Outcome, runJob, UNLIMITED, warmUp } from './scenario.ts';

/** Frames a second over all streams: few streams get more frames each. */
const FEW_FRAMES_PER_S = 5_000;
const MANY_FRAMES_PER_S = 10_000;

export async function pacedFrames(bench: Bench): Promise<Outcome> {
  const streams = bench.scale.pacedStreams;
  const all = await pacedInTurns(bench, bench.subjects, streams, FEW_FRAMES_PER_S, bench.scale.rounds);
  return {
    rows: [
      toRow({
        name: `CPU a frame, ${streams} paced streams`,
        unit: 'µs',
        rounds: figuresOf(all, cpuPerFrameUs),
        budget: BUDGETS.pacedFrame,
      }),
    ],
  };
}

export async function manyStreams(bench: Bench): Promise<Outcome> {
  const streams = bench.scale.manyStreams;
  const kinds = [...bench.subjects, DIRECT];
  const all = await pacedInTurns(bench, kinds, streams, MANY_FRAMES_PER_S, Math.min(2, bench.scale.rounds));
  const direct = all.find(({ subject }) => subject === DIRECT.name);
  return {
    rows: [
      toRow({
        name: `added delay a frame, ${streams} paced streams, p99`,
        unit: 'ms',
        // The delay beyond that of a direct connection between the two processes.
        rounds: Object.fromEntries(
          all
            .filter((series) => series !== direct)
            .map(({ subject, rounds }) => [
              subject,
              rounds.map((measured, round) => addedDelay(measured, direct, round)),
            ]),
        ),
        budget: BUDGETS.addedDelay,
      }),
      toRow({
        name: `memory an open stream, ${streams} streams`,
        unit: 'KiB',
        rounds: figuresOf(all, (measured) => memoryPerStreamKiB(measured, streams)),
        budget: BUDGETS.memoryPerStream,
      }),
    ],
  };
}

function addedDelay({ delayMs }: Measured, direct: Series | undefined, round: number): number {
  return delayMs.p99 - (direct?.rounds[round]?.delayMs.p99 ?? Number.NaN);
}

function memoryPerStreamKiB({ residentBefore, residentAfter }: Measured, streams: number): number | undefined {
  if (residentBefore === undefined || residentAfter === undefined) return undefined;
  return (residentAfter - residentBefore) / streams / 1024;
}

/** Each subject is restarted each time, because memory left from earlier work would hide what a stream needs. */
export async function pacedInTurns(
  bench: Bench,
  kinds: readonly SubjectKind[],
  streams: number,
  framesPerS: number,
  rounds: number,
): Promise<Series[]> {
  const all = kinds.map((kind) => ({ kind, rounds: [] as Measured[] }));
  for (let round = 0; round < rounds; round++) {
    for (const series of all) series.rounds.push(await pacedOnce(bench, series.kind, streams, framesPerS));
  }
  return all.map((series) => ({ subject: series.kind.name, dialect: 'openai-chat', rounds: series.rounds }));
}

async function pacedOnce(bench: Bench, kind: SubjectKind, streams: number, framesPerS: number): Promise<Measured> {
  const { scale } = bench;
  const everyMs = Math.max(1, Math.round((streams / framesPerS) * 1000));
  const job: Job = {
    wanted: { kind: 'paced', frames: 1_000_000, everyMs },
    mode: { type: 'streams', streams },
    warmUpMs: 2 * everyMs,
    durationMs: scale.pacedWindowMs,
    afterMs: 0,
    maxReplies: UNLIMITED,
    sampleEvery: 1,
  };
  const subject = await kind.start(bench.processes, bench.upstreamPort);
  const [target] = subject.targets;
  try {
    if (kind !== DIRECT) await runJob(bench, 'warm-up', subject, target, warmUp(scale));
    return await runJob(bench, `${streams} paced streams`, subject, target, job);
  } finally {
    await subject.stop();
  }
}
