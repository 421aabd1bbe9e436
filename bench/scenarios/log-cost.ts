/** What the log of a request costs: dragoman with its default log against dragoman without one, in turns. */
import { BUDGETS } from '../report/budgets.ts';
import { toRow } from '../report/rows.ts';
import { DRAGOMAN, SILENT_DRAGOMAN } from '../subjects/dragoman.ts';
import { cpuPerReplyUs, figuresOf, inTurns, withSubjects } from './rounds.ts';
import { type Bench, closedLoop, isDragoman, type Outcome } from './scenario.ts';

export async function logCost(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const { connections, windowMs, rounds } = bench.scale;
  const all = await withSubjects(bench, [DRAGOMAN, SILENT_DRAGOMAN], (subjects) => {
    const onlyOpenai = subjects.map((subject) => ({ ...subject, targets: [subject.targets[0]] as const }));
    // A small difference of two large figures needs more rounds.
    return inTurns(bench, 'log', onlyOpenai, closedLoop(10, connections, windowMs), 2 * rounds + 1);
  });
  const { dragoman = [], silent = [] } = figuresOf(all, cpuPerReplyUs);
  const costs = dragoman.map((us, round) => us - (silent[round] ?? Number.NaN));
  const lowest = Math.min(...costs);
  // A log cannot make a request cheaper: such rounds differ by more than it costs, and their median says nothing.
  const isResolved = lowest >= 0;
  return {
    rows: [
      toRow({
        name: 'CPU of the log, a request',
        unit: 'µs',
        rounds: { dragoman: costs },
        ...(isResolved ? { budget: BUDGETS.log } : {}),
        note: `The log: the median of ${costs.length} differences, from ${lowest.toFixed(0)} to ${Math.max(...costs).toFixed(0)} µs${isResolved ? '' : ', which is noise: the budget stays open'}.`,
      }),
    ],
  };
}
