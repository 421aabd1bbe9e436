/** The time from a request to the first text of its reply: one request at a time, and at a fixed rate. */
import type { Job } from '../measure.ts';
import { BUDGETS } from '../report/budgets.ts';
import { inTurns, rowsByDialect, withSubjects } from './rounds.ts';
import { type Bench, closedLoop, type Outcome } from './scenario.ts';

export async function firstText(bench: Bench): Promise<Outcome> {
  const { singleReplies, ratePerS, windowMs } = bench.scale;
  const alone: Job = { ...closedLoop(10, 1, 30_000), maxReplies: singleReplies, sampleEvery: 200 };
  const atRate: Job = {
    ...closedLoop(100, 0, 2 * windowMs),
    mode: { type: 'open', connections: 256, ratePerS },
    warmUpMs: windowMs / 4,
    sampleEvery: 200,
  };
  return withSubjects(bench, bench.subjects, async (subjects) => {
    const one = await inTurns(bench, 'first text, one at a time', subjects, alone);
    const many = await inTurns(bench, `first text at ${ratePerS}/s`, subjects, atRate);
    const name = 'first text, one at a time';
    const nameAtRate = `first text at ${ratePerS} requests a second`;
    return {
      rows: [
        ...rowsByDialect(
          one,
          { name: `${name}, p50`, unit: 'ms', budget: BUDGETS.firstTextP50 },
          (measured) => measured.firstTextMs.p50,
        ),
        ...rowsByDialect(
          one,
          { name: `${name}, p99`, unit: 'ms', budget: BUDGETS.firstTextP99 },
          (measured) => measured.firstTextMs.p99,
        ),
        ...rowsByDialect(many, { name: `${nameAtRate}, p50`, unit: 'ms' }, (measured) => measured.firstTextMs.p50),
        ...rowsByDialect(
          many,
          { name: `${nameAtRate}, p99`, unit: 'ms', budget: BUDGETS.firstTextAtRateP99 },
          (measured) => measured.firstTextMs.p99,
        ),
      ],
    };
  });
}
