/** Measures subjects in turn, round by round, so that a slow phase of the machine affects all of them. */
import type { Target } from '../load/job.ts';
import type { Job, Measured } from '../measure.ts';
import { type Figures, type Row, toRow } from '../report/rows.ts';
import { median } from '../statistics.ts';
import { twoDragomans } from '../subjects/dragoman.ts';
import type { Subject, SubjectKind, SubjectName } from '../subjects/subject.ts';
import { type Bench, batchesWindow, isDragoman, runJob, warmUp } from './scenario.ts';

/** The measurements of one subject through one protocol. */
export interface Series {
  readonly subject: SubjectName;
  readonly dialect: Target['dialect'];
  readonly rounds: readonly Measured[];
}

/** Starts all subjects, warms them up, runs `measureAll` and ends them. */
export async function withSubjects<Result>(
  bench: Bench,
  kinds: readonly SubjectKind[],
  measureAll: (subjects: readonly Subject[]) => Promise<Result>,
): Promise<Result> {
  const running: Subject[] = [];
  try {
    for (const kind of kinds) {
      const subject = await kind.start(bench.processes, bench.upstreamPort);
      running.push(subject);
      for (const target of subject.targets) await runJob(bench, 'warm-up', subject, target, warmUp(bench.scale));
    }
    return await measureAll(running);
  } finally {
    for (const subject of running) await subject.stop();
  }
}

export async function inTurns(
  bench: Bench,
  scenario: string,
  subjects: readonly Subject[],
  job: Job,
  rounds = bench.scale.rounds,
): Promise<Series[]> {
  const found = subjects.flatMap((subject) =>
    subject.targets.map((target) => ({ subject, target, rounds: [] as Measured[] })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const series of found) {
      series.rounds.push(await runJob(bench, scenario, series.subject, series.target, job));
    }
  }
  return found.map((series) => ({
    subject: series.subject.name,
    dialect: series.target.dialect,
    rounds: series.rounds,
  }));
}

/** The speed of a shared machine changes from second to second, by more than what is measured. */
const PAIRS_A_WINDOW = 3;

/**
 * CPU time for a reply of so many frames, in microseconds, of two gateways in one process, in turns: in pairs of figures, for
 * each number of frames. A small difference of two large figures needs many pairs.
 */
export async function pairedCpuUs(
  bench: Bench,
  scenario: string,
  variants: Parameters<typeof twoDragomans>[0],
  frameCounts: readonly number[],
): Promise<readonly (readonly (readonly [number, number])[])[]> {
  return withSubjects(bench, [twoDragomans(variants)], async ([subject]) => {
    const all: [number, number][][] = [];
    for (const frames of frameCounts)
      all.push(await pairsOf(bench, scenario, subject, batchesWindow(frames, bench.scale)));
    return all;
  });
}

async function pairsOf(bench: Bench, scenario: string, subject: Subject | undefined, job: Job) {
  const pairs: [number, number][] = [];
  if (!subject) return pairs;
  for (let round = 0; round <= PAIRS_A_WINDOW * bench.scale.shortWindows.count; round++) {
    const us: [number, number] = [Number.NaN, Number.NaN];
    // Each is first in turn, since what a window leaves behind is collected in the next one.
    for (const at of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const target = subject.targets[at];
      if (target) us[at] = cpuPerReplyUs(await runJob(bench, scenario, subject, target, job)) ?? Number.NaN;
    }
    pairs.push(us);
  }
  return pairs;
}

type Pick = (measured: Measured, series: Series) => number | undefined;

export function figuresOf(all: readonly Series[], pick: Pick): Figures['rounds'] {
  return Object.fromEntries(
    all.map((series) => [series.subject, series.rounds.flatMap((measured) => pick(measured, series) ?? [])]),
  );
}

/** One row for each client protocol of dragoman, with the same references and the gateways that speak this protocol. */
export function rowsByDialect(all: readonly Series[], figures: Omit<Figures, 'rounds'>, pick: Pick): Row[] {
  const own = all.filter(({ subject }) => isDragoman({ name: subject }));
  const dialects = own.length > 0 ? own.map(({ dialect }) => dialect) : (['event-stream'] as const);
  return dialects.map((dialect) => {
    const compared = all.filter((series) => series.dialect === dialect || series.dialect === 'event-stream');
    const name = `${figures.name}${DIALECT_TEXT[dialect]}`;
    return toRow({ ...figures, name, rounds: figuresOf(compared, pick) });
  });
}

const DIALECT_TEXT: Record<Target['dialect'], string> = {
  'event-stream': '',
  'openai-chat': ', OpenAI',
  'anthropic-messages': ', Anthropic',
};

/** CPU time for each reply, in microseconds. */
export function cpuPerReplyUs({ cpuMs, replies }: Measured): number | undefined {
  return cpuMs === undefined ? undefined : (cpuMs * 1000) / replies;
}

export function cpuPerFrameUs({ cpuMs, frames }: Measured): number | undefined {
  return cpuMs === undefined ? undefined : (cpuMs * 1000) / frames;
}

export function medianOf(series: Series | undefined, pick: (measured: Measured) => number | undefined): number {
  return median(series?.rounds.flatMap((measured) => pick(measured) ?? []) ?? []);
}
