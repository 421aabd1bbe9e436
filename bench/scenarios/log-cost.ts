/** What the log of a request costs: a gateway with the default log against one without, in one process and in turns. */
import { BUDGETS } from '../report/budgets.ts';
import { toRow } from '../report/rows.ts';
import { quantile } from '../statistics.ts';
import { pairedCpuUs } from './rounds.ts';
import { type Bench, isDragoman, type Outcome } from './scenario.ts';

export async function logCost(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const [pairs = []] = await pairedCpuUs(bench, 'log', [{}, { DRAGOMAN_LOG_LEVEL: 'silent' }], [10]);
  const costs = pairs.map(([logged, silent]) => logged - silent).toSorted((a, b) => a - b);
  const [lower, upper] = [quantile(costs, 0.25), quantile(costs, 0.75)];
  // A log cannot make a request cheaper: if many pairs say so, the machine is too noisy for their median to mean anything.
  const isResolved = lower >= 0;
  return {
    rows: [
      toRow({
        name: 'CPU of the log, a request',
        unit: 'µs',
        rounds: { dragoman: costs },
        ...(isResolved ? { budget: BUDGETS.log } : {}),
        note: `The log: the median of ${costs.length} differences; the middle half of them are from ${lower.toFixed(0)} to ${upper.toFixed(0)} µs${isResolved ? '' : ', which is noise: the budget stays open'}.`,
      }),
    ],
  };
}
