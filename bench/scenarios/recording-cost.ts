/** What the ledger and the metrics take of a reply's CPU time: dragoman with both against dragoman with neither, in turns. */
import { BUDGETS, type Budget } from '../report/budgets.ts';
import { type Row, toRow } from '../report/rows.ts';
import { quantile } from '../statistics.ts';
import { RECORDING_DRAGOMAN, UNRECORDED_DRAGOMAN } from '../subjects/dragoman.ts';
import { pairedCpuUs } from './rounds.ts';
import { type Bench, isDragoman, type Outcome } from './scenario.ts';

export async function recordingCost(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  return { rows: [await shareOf(bench, 10), await shareOf(bench, 100, BUDGETS.recording)] };
}

async function shareOf(bench: Bench, frames: number, budget?: Budget): Promise<Row> {
  // The difference is smaller than the noise of one pair.
  const rounds = bench.scale.shortWindows.count + 1;
  const pairs = await pairedCpuUs(bench, 'recording', [RECORDING_DRAGOMAN, UNRECORDED_DRAGOMAN], frames, rounds);
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
