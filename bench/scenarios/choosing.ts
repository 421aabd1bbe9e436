/** The account pool alone (in-process/choose-account.ts). */
import type { LeaseFigures } from '../in-process/choose-account.ts';
import { toRow } from '../report/rows.ts';
import { figuresFrom } from './in-process.ts';
import { type Bench, isDragoman, type Outcome } from './scenario.ts';

export async function choosing(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const figures = await figuresFrom<readonly LeaseFigures[]>(bench, 'choose-account', ['5', '100']);
  return {
    rows: figures.map(({ accounts, leaseUs }) =>
      toRow({
        name: `choosing among ${accounts} accounts and releasing one`,
        unit: 'µs',
        rounds: { dragoman: [leaseUs] },
      }),
    ),
  };
}
