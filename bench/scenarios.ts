/** The scenarios, one function each. A scenario returns rows; wrong replies are errors, slow ones are not. */
import type { LoadJob } from './load-job.ts';
import { type Measured, measure } from './measure.ts';
import type { Processes, Started } from './processes.ts';
import type { Dialect } from './requests.ts';
import { type Row, toRow } from './rows.ts';
import { median } from './statistics.ts';
import { type Subject, type SubjectName, startSubject } from './subjects.ts';

export interface Bench {
  readonly processes: Processes;
  readonly load: Started;
  readonly upstreamPort: number;
  readonly subjects: readonly SubjectName[];
  readonly scale: Scale;
  /** All measurements, for the JSON file. */
  readonly raw: { scenario: string; subject: SubjectName; dialect: Dialect; measured: Measured }[];
  say(text: string): void;
}

export interface Scale {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  readonly connections: number;
  readonly singleReplies: number;
  readonly ratePerS: number;
  readonly streams: number;
  readonly manyStreams: number;
  readonly pacedWindowMs: number;
}

/** Frames per second over all paced streams, which determines the pace of each stream. */
const PACED_FRAMES_PER_S = 10_000;

/** Below this share of its core, the subject was waiting for the load generator or the stand-in. */
const SATURATED = 0.9;

/** Infinity cannot be sent to the load generator's process. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

type Job = Omit<LoadJob, 'port' | 'dialect'>;

export async function bursts(bench: Bench, frames: number, atLeast: number): Promise<Row[]> {
  const { scale } = bench;
  const job: Job = {
    wanted: { kind: 'burst', frames },
    mode: { type: 'closed', connections: scale.connections },
    warmUpMs: scale.warmUpMs,
    durationMs: scale.windowMs,
    maxReplies: UNLIMITED,
    sampleEvery: 500,
  };
  const measured = await inTurns(bench, `burst ${frames}`, job);
  const notes = measured.flatMap(({ subject, busy }) => (busy !== undefined && busy < SATURATED ? [subject] : []));
  const note =
    notes.length === 0
      ? ''
      : `${names(notes)} did not saturate a core: the load generator and the stand-in were slower.`;
  return rowsByDialect(measured, (figure) => figure(repliesPerCoreS)).map(({ dialect, values }) =>
    toRow({
      name: `bursts of ${frames} frames${dialectText(dialect)}`,
      unit: 'replies a core-second',
      values,
      budget: { type: 'ratio', atLeast },
      note,
    }),
  );
}

export async function firstByteUnloaded(bench: Bench): Promise<Row[]> {
  const { scale } = bench;
  const job: Job = {
    wanted: { kind: 'burst', frames: 10 },
    mode: { type: 'closed', connections: 1 },
    warmUpMs: scale.warmUpMs,
    durationMs: 30_000,
    maxReplies: scale.singleReplies,
    sampleEvery: 200,
  };
  const measured = await inTurns(bench, 'first byte, unloaded', job);
  const row = (share: 'p50' | 'p99', atMost: number) =>
    rowsByDialect(measured, (figure) => figure((result) => result.firstTextMs[share])).map(({ dialect, values }) =>
      toRow({
        name: `time to first byte, unloaded, ${share}${dialectText(dialect)}`,
        unit: 'ms',
        values,
        budget: { type: 'ratio', atMost },
      }),
    );
  return [...row('p50', 1.4), ...row('p99', 2.5)];
}

export async function firstByteLoaded(bench: Bench): Promise<Row[]> {
  const { scale } = bench;
  const job: Job = {
    wanted: { kind: 'burst', frames: 100 },
    mode: { type: 'open', connections: 256, ratePerS: scale.ratePerS },
    warmUpMs: scale.warmUpMs,
    durationMs: scale.windowMs,
    maxReplies: UNLIMITED,
    sampleEvery: 200,
  };
  const measured = await inTurns(bench, `first byte at ${scale.ratePerS}/s`, job);
  return rowsByDialect(measured, (figure) => figure((result) => result.firstTextMs.p99)).map(({ dialect, values }) =>
    toRow({
      name: `time to first byte at ${scale.ratePerS} requests a second, p99${dialectText(dialect)}`,
      unit: 'ms',
      values,
      budget: { type: 'ratio', atMost: 4 },
    }),
  );
}

/** Through OpenAI's protocol. Each subject is restarted, because memory left from earlier work would hide what a stream needs. */
export async function pacedStreams(bench: Bench): Promise<Row[]> {
  const { streams } = bench.scale;
  const measured = await pacedInTurns(bench, streams);
  const figures = (pick: (result: Measured) => number | undefined) => valuesOf(measured, pick);
  return [
    toRow({
      name: `CPU a frame, ${streams} paced streams`,
      unit: 'µs',
      values: figures(({ cpuMs, frames }) => cpuMs && (cpuMs * 1000) / frames),
      budget: { type: 'ratio', atMost: 2 },
    }),
    toRow({
      name: `memory an open stream, ${streams} streams`,
      unit: 'KiB',
      values: figures((result) => memoryPerStream(result, streams)),
      budget: { type: 'value', atMost: 64 },
    }),
  ];
}

export async function delayUnderManyStreams(bench: Bench): Promise<Row[]> {
  const { manyStreams } = bench.scale;
  const measured = await pacedInTurns(bench, manyStreams);
  const direct = valuesOf(measured, ({ delayMs }) => delayMs.p99).direct ?? 0;
  return [
    toRow({
      name: `added delay a frame, ${manyStreams} paced streams, p99`,
      unit: 'ms',
      // The delay beyond that of a direct connection between the two processes.
      values: valuesOf(measured, ({ delayMs }, subject) => (subject === 'direct' ? undefined : delayMs.p99 - direct)),
      budget: { type: 'value', atMost: 5 },
    }),
  ];
}

interface Result {
  readonly subject: SubjectName;
  readonly dialect: Dialect;
  readonly rounds: readonly Measured[];
  /** From the median round. */
  readonly busy: number | undefined;
}

/** Runs all subjects in turn in each round, so that a slow phase of the machine affects all of them. */
async function inTurns(bench: Bench, scenario: string, job: Job): Promise<Result[]> {
  const found = new Map<string, { subject: SubjectName; dialect: Dialect; rounds: Measured[] }>();
  const running: Subject[] = [];
  try {
    for (const name of bench.subjects) running.push(await startSubject(name, bench.processes, bench.upstreamPort));
    for (let round = 0; round < bench.scale.rounds; round++) {
      for (const subject of running) {
        for (const dialect of subject.dialects) {
          const measured = await runJob(bench, scenario, subject, { ...job, dialect });
          const key = `${subject.name} ${dialect}`;
          const entry = found.get(key) ?? { subject: subject.name, dialect, rounds: [] };
          entry.rounds.push(measured);
          found.set(key, entry);
        }
      }
    }
  } finally {
    for (const subject of running) await subject.stop();
  }
  return [...found.values()].map((result) => ({ ...result, busy: medianOf(result.rounds, ({ busy }) => busy) }));
}

async function pacedInTurns(bench: Bench, streams: number): Promise<Result[]> {
  const { scale } = bench;
  const everyMs = Math.max(20, Math.round((streams / PACED_FRAMES_PER_S) * 1000));
  const job: Job = {
    wanted: { kind: 'paced', frames: 1_000_000, everyMs },
    mode: { type: 'streams', streams },
    warmUpMs: Math.max(2 * everyMs, scale.warmUpMs),
    durationMs: scale.pacedWindowMs,
    maxReplies: UNLIMITED,
    sampleEvery: 1,
  };
  const results = bench.subjects.map((subject) => ({ subject, rounds: [] as Measured[] }));
  for (let round = 0; round < scale.rounds; round++) {
    for (const result of results) result.rounds.push(await pacedOnce(bench, result.subject, streams, job));
  }
  return results.map((result) => ({ ...result, dialect: 'openai-chat', busy: undefined }));
}

async function pacedOnce(bench: Bench, name: SubjectName, streams: number, job: Job): Promise<Measured> {
  const subject = await startSubject(name, bench.processes, bench.upstreamPort);
  const dialect = subject.dialects[0] ?? 'event-stream';
  try {
    await runJob(bench, 'warm-up', subject, { ...warmUp(bench.scale), dialect });
    return await runJob(bench, `${streams} paced streams`, subject, { ...job, dialect });
  } finally {
    await subject.stop();
  }
}

/** Enough replies to compile the subject's code and allocate its long-lived memory. */
function warmUp(scale: Scale): Job {
  return {
    wanted: { kind: 'burst', frames: 100 },
    mode: { type: 'closed', connections: 8 },
    warmUpMs: 0,
    durationMs: scale.warmUpMs,
    maxReplies: 1_000,
    sampleEvery: 100,
  };
}

async function runJob(bench: Bench, scenario: string, subject: Subject, job: Omit<LoadJob, 'port'>): Promise<Measured> {
  bench.say(`${scenario}: ${subject.name}${subject.name === 'dragoman' ? ` (${job.dialect})` : ''}`);
  const measured = await measure(bench.load, subject, job);
  bench.raw.push({ scenario, subject: subject.name, dialect: job.dialect, measured });
  if (measured.failures > 0) {
    const told = [...new Set(measured.problems)].join('; ');
    throw new Error(`${scenario}: ${measured.failures} replies through ${subject.name} were wrong: ${told}`);
  }
  if (measured.frames === 0) throw new Error(`${scenario}: nothing came through ${subject.name}`);
  return measured;
}

/** Replies per second of the subject's CPU time: a core's capacity even if the load did not saturate it. */
function repliesPerCoreS(measured: Measured): number {
  return measured.cpuMs ? measured.replies / (measured.cpuMs / 1000) : measured.repliesPerS;
}

function memoryPerStream({ residentBefore, residentAfter }: Measured, streams: number): number | undefined {
  if (residentBefore === undefined || residentAfter === undefined) return undefined;
  return (residentAfter - residentBefore) / streams / 1024;
}

type Pick = (measured: Measured, subject: SubjectName) => number | undefined;

function medianOf(rounds: readonly Measured[], pick: (measured: Measured) => number | undefined): number | undefined {
  const known = rounds.flatMap((measured) => pick(measured) ?? []);
  return known.length === 0 ? undefined : median(known);
}

function valuesOf(results: readonly Result[], pick: Pick): Row['values'] {
  const entries = results.flatMap(({ subject, rounds }) => {
    const value = medianOf(rounds, (measured) => pick(measured, subject));
    return value === undefined ? [] : [[subject, value] as const];
  });
  return Object.fromEntries(entries);
}

/** One row for each client protocol of dragoman, with the same references. */
function rowsByDialect(
  results: readonly Result[],
  read: (figure: (pick: Pick) => Row['values']) => Row['values'],
): { dialect: Dialect | undefined; values: Row['values'] }[] {
  const references = results.filter(({ subject }) => subject !== 'dragoman');
  const own = results.filter(({ subject }) => subject === 'dragoman');
  if (own.length === 0) return [{ dialect: undefined, values: read((pick) => valuesOf(references, pick)) }];
  return own.map((result) => ({
    dialect: result.dialect,
    values: read((pick) => valuesOf([result, ...references], pick)),
  }));
}

function dialectText(dialect: Dialect | undefined): string {
  return dialect === undefined ? '' : dialect === 'openai-chat' ? ', OpenAI' : ', Anthropic';
}

function names(subjects: readonly SubjectName[]): string {
  return [...new Set(subjects)].join(' and ');
}
