/** Rows for the account pool alone, measured by choose-account.ts in its own process. */
import { join } from 'node:path';
import type { LeaseFigures } from './choose-account.ts';
import { type Row, toRow } from './rows.ts';
import type { Bench } from './scenarios.ts';

export async function choosing(bench: Bench): Promise<Row[]> {
  if (!bench.subjects.includes('dragoman')) return [];
  bench.say('choosing an account');
  return (await measured(bench)).map(({ accounts, leaseUs }) =>
    toRow({
      name: `choosing among ${accounts} account${accounts === 1 ? '' : 's'}, and giving it back`,
      unit: 'µs',
      values: { dragoman: leaseUs },
      budget: { type: 'value', atMost: accounts <= 5 ? 10 : 50 },
    }),
  );
}

function measured({ processes }: Bench): Promise<readonly LeaseFigures[]> {
  const script = join(import.meta.dirname, 'choose-account.ts');
  const started = processes.start('the pool benchmark', 'subject', process.execPath, [script], { talks: true });
  return new Promise((resolve, reject) => {
    // choose-account.ts sends one message of this type and exits.
    started.process.once('message', (message) => resolve(message as readonly LeaseFigures[]));
    started.process.once('exit', () => reject(new Error(`${started.name} failed: ${started.complaints()}`)));
  });
}
