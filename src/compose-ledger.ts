/** The part of the composition root for the ledger, which exists only where a server runs. */
import type { Composed } from './compose.ts';
import type { Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import type { Log } from './core/log.ts';
import { Ledger } from './gateway/ledger/ledger.ts';

/** Rows of a database in memory take up memory. */
const MAX_ROWS_IN_MEMORY = 10_000;
const MAX_TEXT_IN_MEMORY = 64 * 1024 * 1024;

export interface ComposedLedger {
  /** Undefined: off. */
  readonly ledger: Ledger | undefined;
  /** Resolves once the credits that earlier processes used are known. */
  readonly known: Promise<void>;
  /** Opens the tables and begins to write. Until then, rows wait in memory. */
  begin(): void;
  /** After the last request has ended, before the store is closed. */
  stop(): Promise<void>;
}

export function composeLedger(
  settings: Settings,
  { store }: Pick<Composed, 'store'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): ComposedLedger {
  const { ledger: isOn, ledgerDays: days, databaseUrl } = settings;
  const ledger = isOn ? new Ledger(clock, log) : undefined;
  const isInMemory = databaseUrl === 'sqlite::memory:';
  const rows = isInMemory ? Math.min(settings.ledgerRows, MAX_ROWS_IN_MEMORY) : settings.ledgerRows;
  const textBytes = isInMemory ? Math.min(settings.ledgerTextBytes, MAX_TEXT_IN_MEMORY) : settings.ledgerTextBytes;
  const known = Promise.withResolvers<void>();
  return {
    ledger,
    known: known.promise,
    begin: () => void ledger?.start(() => store.openLedger({ rows, days, textBytes })).then(known.resolve),
    stop: async () => ledger?.close(),
  };
}
