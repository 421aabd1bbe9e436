/** What every scenario gets and returns. Wrong replies are errors, slow ones are not. */
import type { Target } from '../load/job.ts';
import { type Job, type Measured, measure } from '../measure.ts';
import type { Processes, Started } from '../processes.ts';
import type { Curve } from '../report/curves.ts';
import type { Row } from '../report/rows.ts';
import type { Subject, SubjectKind, SubjectName } from '../subjects/subject.ts';

export interface Bench {
  readonly processes: Processes;
  readonly load: Started;
  readonly upstreamPort: number;
  /** dragoman, unless only references are measured; other gateways; nginx if it is installed; `bare`. */
  readonly subjects: readonly SubjectKind[];
  readonly scale: Scale;
  /** All measurements, for the JSON file. */
  readonly raw: { scenario: string; subject: SubjectName; dialect: Target['dialect']; measured: Measured }[];
  say(text: string): void;
}

/** How long and how often everything is measured. */
export interface Scale {
  readonly rounds: number;
  readonly warmUpReplies: number;
  /** Between a start and the measurement of idle memory. */
  readonly idleMs: number;
  readonly windowMs: number;
  /** For CPU times: many short windows in turns, since the speed of a shared machine changes from second to second. */
  readonly shortWindows: { readonly count: number; readonly ms: number };
  readonly connections: number;
  readonly singleReplies: number;
  readonly ratePerS: number;
  readonly pacedStreams: number;
  readonly manyStreams: number;
  readonly pacedWindowMs: number;
  readonly starts: number;
  readonly isQuick: boolean;
}

export interface Outcome {
  readonly rows: readonly Row[];
  readonly curves?: readonly Curve[];
}

export type Scenario = (bench: Bench) => Promise<Outcome>;

/** Infinity cannot be sent to the load generator's process. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER;

export async function runJob(
  bench: Bench,
  scenario: string,
  subject: Subject,
  target: Target,
  job: Job,
): Promise<Measured> {
  const { dialect } = target;
  bench.say(`${scenario}: ${subject.name}${dialect === 'event-stream' ? '' : ` (${dialect})`}`);
  const measured = await measure(bench.load, subject.pid, target, job);
  bench.raw.push({ scenario, subject: subject.name, dialect, measured });
  if (measured.failures > 0) {
    const problems = [...new Set(measured.problems)].join('; ');
    throw new Error(`${scenario}: ${measured.failures} replies through ${subject.name} were wrong: ${problems}`);
  }
  if (measured.frames === 0) throw new Error(`${scenario}: nothing came through ${subject.name}`);
  return measured;
}

/** Bursts as fast as the connections allow. */
export function closedLoop(frames: number, connections: number, durationMs: number): Job {
  return {
    wanted: { kind: 'burst', frames },
    mode: { type: 'closed', connections },
    warmUpMs: 0,
    durationMs,
    afterMs: 0,
    maxReplies: UNLIMITED,
    sampleEvery: 500,
  };
}

/** Rows of the ledger are written within 400 ms. */
const LEFT_TO_DO_MS = 450;

/** One of many short windows, with the work that its replies leave behind. */
export function shortWindow(frames: number, { connections, shortWindows }: Scale): Job {
  return { ...closedLoop(frames, connections, shortWindows.ms), afterMs: LEFT_TO_DO_MS };
}

/** As `shortWindow`, for work that is done in batches: some ten of them, the last of which is incomplete. */
export function batchesWindow(frames: number, { connections, shortWindows }: Scale): Job {
  return { ...closedLoop(frames, connections, 2 * shortWindows.ms), afterMs: LEFT_TO_DO_MS };
}

/**
 * Enough replies to compile the subject's code and allocate its long-lived memory. A number of replies and not a time, so that a
 * slow machine measures warm code as well.
 */
export function warmUp(scale: Scale): Job {
  return { ...closedLoop(100, 8, 20_000), maxReplies: scale.warmUpReplies, sampleEvery: 100 };
}

export const isDragoman = ({ name }: { name: SubjectName }): boolean => name === 'dragoman';
