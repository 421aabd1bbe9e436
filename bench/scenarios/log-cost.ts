/** What the log of a request costs: dragoman with its default log against dragoman without one, in turns. */
import { BUDGETS } from '../report/budgets.ts';
import { toRow } from '../report/rows.ts';
import { DRAGOMAN, SILENT_DRAGOMAN } from '../subjects/dragoman.ts';
import { pairedCpuUs } from './rounds.ts';
import { type Bench, isDragoman, type Outcome } from './scenario.ts';

export async function logCost(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const pairs = await pairedCpuUs(bench, 'log', [DRAGOMAN, SILENT_DRAGOMAN], 2 * bench.scale.rounds + 1);
  const costs = pairs.map(([logged, silent]) => logged - silent);
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
