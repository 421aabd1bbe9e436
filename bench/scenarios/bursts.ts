/** CPU time of replies that arrive all at once: throughput, the cost of a reply, and that of one more frame. */
import type { Measured } from '../measure.ts';
import { BUDGETS } from '../report/budgets.ts';
import type { Row } from '../report/rows.ts';
import { cpuPerReplyUs, inTurns, medianOf, rowsByDialect, type Series, withSubjects } from './rounds.ts';
import { type Bench, type Outcome, shortWindow } from './scenario.ts';

/** Below this share of its core, the subject was waiting for the load generator or the stand-in. */
const SATURATED = 0.9;

export async function bursts(bench: Bench): Promise<Outcome> {
  const { scale } = bench;
  return withSubjects(bench, bench.subjects, async (subjects) => {
    const measured = async (frames: number) =>
      inTurns(bench, `bursts of ${frames}`, subjects, shortWindow(frames, scale), scale.shortWindows.count);
    const of100 = await measured(100);
    const of1000 = await measured(1000);
    // Last: its budget is for warm programs.
    const of10 = await measured(10);
    const perReply = (frames: number, all: readonly Series[]) =>
      rowsByDialect(all, { name: `CPU a reply of ${frames} frames`, unit: 'µs' }, cpuPerReplyUs);
    return {
      rows: [
        ...throughput(of100, 100, BUDGETS.burstOf100),
        ...throughput(of1000, 1000, BUDGETS.burstOf1000),
        ...rowsByDialect(
          of10,
          { name: 'CPU a reply of 10 frames', unit: 'µs', budget: BUDGETS.burstOf10 },
          cpuPerReplyUs,
        ),
        ...perReply(100, of100),
        ...perReply(1000, of1000),
        ...rowsByDialect(of1000, { name: 'CPU of one more frame in a burst', unit: 'µs' }, (measured, series) =>
          oneMoreFrame(
            measured,
            of100.find(({ subject, dialect }) => subject === series.subject && dialect === series.dialect),
          ),
        ),
      ],
    };
  });
}

function throughput(
  all: readonly Series[],
  frames: number,
  budget: typeof BUDGETS.burstOf100 | typeof BUDGETS.burstOf1000,
): Row[] {
  const waiting = all.filter((series) => medianOf(series, ({ busy }) => busy) < SATURATED);
  const names = [...new Set(waiting.map(({ subject }) => subject))].join(', ');
  return rowsByDialect(
    all,
    {
      name: `bursts of ${frames} frames`,
      unit: 'replies a core-second',
      budget,
      note: names && `${names} did not saturate a core: the load generator and the stand-in were slower.`,
    },
    repliesPerCoreS,
  );
}

/** Replies per second of the subject's CPU time: a core's capacity even if the load did not saturate it. */
function repliesPerCoreS({ cpuMs, replies }: Measured): number | undefined {
  return cpuMs ? replies / (cpuMs / 1000) : undefined;
}

/** The difference between replies of 1,000 and of 100 frames, which leaves out what a reply costs by itself. */
function oneMoreFrame(of1000: Measured, of100: Series | undefined): number | undefined {
  const long = cpuPerReplyUs(of1000);
  return long === undefined ? undefined : (long - medianOf(of100, cpuPerReplyUs)) / 900;
}
