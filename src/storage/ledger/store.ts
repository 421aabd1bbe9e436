/** The ledger's store, on either engine. */
import type { Kysely } from 'kysely';
import type {
  LedgerHistory,
  LedgerLimits,
  LedgerRow,
  LedgerSearch,
  LedgerStore,
  LedgerText,
} from '../../gateway/ledger/ledger-store.ts';
import type { Database } from '../database.ts';
import { migrateLedger } from '../migrations.ts';
import { withRetry } from '../retry.ts';
import type { Seal } from '../seal.ts';
import { readCredits, readHistory } from './history.ts';
import { listRows, requestWithId, rowsOf } from './list.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { prune } from './prune.ts';
import type { LedgerTables } from './tables.ts';
import { LedgerWriter, placeOfText } from './write.ts';

export class DatabaseLedgerStore implements LedgerStore {
  readonly #database: Database;
  readonly #db: Kysely<LedgerTables>;
  readonly #isPostgres: boolean;
  readonly #seal: Seal;
  readonly #limits: LedgerLimits;
  readonly #writer: LedgerWriter;
  readonly #close: () => Promise<void>;

  private constructor(database: Database, seal: Seal, limits: LedgerLimits, close: () => Promise<void>) {
    this.#database = database;
    this.#db = database.db.withTables<LedgerTables>();
    this.#isPostgres = database.columns.bytes === 'bytea';
    this.#seal = seal;
    this.#limits = limits;
    this.#writer = new LedgerWriter(this.#isPostgres, seal);
    this.#close = close;
  }

  /** Rejects with `storage_unavailable`. */
  static async open(
    database: Database,
    seal: Seal,
    limits: LedgerLimits,
    close: () => Promise<void>,
  ): Promise<LedgerStore> {
    const { clock } = database;
    await withRetry(clock, () => migrateLedger(database, clock.now(), LEDGER_MIGRATIONS));
    return new DatabaseLedgerStore(database, seal, limits, close);
  }

  async write(rows: readonly LedgerRow[]): Promise<void> {
    const [first] = rows;
    if (!first) return;
    let isRepeated = false;
    await this.#retried(async () => {
      // A commit may have succeeded although its answer was lost.
      if (isRepeated && (await this.#isStored(first.id))) return;
      isRepeated = true;
      try {
        await this.#db
          .transaction()
          .execute((transaction) => this.#writer.write(transaction, rows, this.#database.clock.now()));
      } catch (cause) {
        this.#writer.forget();
        throw cause;
      }
    });
  }

  list(search: LedgerSearch) {
    return this.#retried(() => listRows({ db: this.#db, isPostgres: this.#isPostgres }, search));
  }

  find(id: string) {
    return this.#retried(async () => {
      const context = { db: this.#db, isPostgres: this.#isPostgres };
      const number = await requestWithId(context, id);
      const [row] = number === undefined ? [] : await rowsOf(context, [number]);
      return row && { row, text: await this.#textOf(row.number, row.id) };
    });
  }

  history(history: LedgerHistory) {
    return this.#retried(() => readHistory(this.#db, history));
  }

  credits(by: 'key' | 'account', nowMs: number) {
    return this.#retried(() => readCredits(this.#db, by, nowMs));
  }

  prune(nowMs: number): Promise<boolean> {
    return this.#retried(() => prune(this.#db, this.#isPostgres, this.#limits, nowMs));
  }

  close(): Promise<void> {
    return this.#close();
  }

  #retried<T>(work: () => Promise<T>): Promise<T> {
    return withRetry(this.#database.clock, work);
  }

  async #isStored(id: string): Promise<boolean> {
    return (await requestWithId({ db: this.#db, isPostgres: this.#isPostgres }, id)) !== undefined;
  }

  async #textOf(number: number, id: string): Promise<LedgerText | undefined> {
    const row = await this.#db
      .selectFrom('ledger_requests')
      .select('sealed')
      .where('id', '=', number)
      .executeTakeFirst();
    if (!row?.sealed) return undefined;
    return JSON.parse(this.#seal.open(placeOfText(id), row.sealed));
  }
}
