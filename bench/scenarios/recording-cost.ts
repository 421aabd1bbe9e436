/**
 * What the ledger and the metrics take of a reply's CPU time: a gateway with both against one with neither, in one process and in
 * turns.
 */
import { BUDGETS, type Budget } from '../report/budgets.ts';
import { type Row, toRow } from '../report/rows.ts';
import { quantile } from '../statistics.ts';
import { IN_A_FILE } from '../subjects/dragoman.ts';
import { pairedCpuUs } from './rounds.ts';
import { type Bench, isDragoman, type Outcome } from './scenario.ts';

const UNRECORDED = { ...IN_A_FILE, DRAGOMAN_LEDGER: 'no', DRAGOMAN_METRICS: 'off' };

export async function recordingCost(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const [short = [], long = []] = await pairedCpuUs(bench, 'recording', [IN_A_FILE, UNRECORDED], [10, 100]);
  return { rows: [shareOf(10, short), shareOf(100, long, BUDGETS.recording)] };
}

function shareOf(frames: number, pairs: readonly (readonly [number, number])[], budget?: Budget): Row {
  const shares = pairs.map(([recorded, unrecorded]) => ((recorded - unrecorded) / recorded) * 100);
  const sorted = shares.toSorted((a, b) => a - b);
  const [lower, upper] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  return toRow({
    name: `ledger and metrics, of the CPU of a reply of ${frames} frames`,
    unit: '%',
    rounds: { dragoman: shares },
    ...(budget && { budget }),
    note: `Ledger and metrics: the medians of ${shares.length} pairs; of those of ${frames} frames, the middle half are from ${lower.toFixed(1)} to ${upper.toFixed(1)} %.`,
  });
}
