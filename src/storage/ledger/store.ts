/** The ledger's store, on either engine. */
import { randomInt } from 'node:crypto';
import type { Kysely } from 'kysely';
import type {
  LedgerHistory,
  LedgerLimits,
  LedgerLoss,
  LedgerRow,
  LedgerSearch,
  LedgerStore,
} from '../../gateway/ledger/ledger-store.ts';
import type { RequestText } from '../../gateway/recorded-text.ts';
import type { Database } from '../database.ts';
import { migrateLedger } from '../migrations.ts';
import { withRetry } from '../retry.ts';
import type { Seal } from '../seal.ts';
import { AcceptedRowsFile, acceptedByEnded, removeAcceptedRows } from './accepted-rows.ts';
import { readCredits, readHistory } from './history.ts';
import { listRows, newestNumber, readGroups, requestWithId, rowsAfter, rowsOf } from './list.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { prune } from './prune.ts';
import type { LedgerTables } from './tables.ts';
import { opened, placeOfText } from './texts.ts';
import { LedgerWriter, type WriterOptions } from './write.ts';
import { addLoss, addWriter, removeWriter, rowsLost, rowsStoredBy } from './writers.ts';

export interface LedgerStoreOptions extends Pick<WriterOptions, 'isKeyCurrent'> {
  readonly seal: Seal;
  readonly limits: LedgerLimits;
  /** Where processes keep the number of rows that they have accepted; undefined: their rows die with them anyway. */
  readonly folder: string | undefined;
  /** Of the database, if it is the ledger's own. */
  readonly close: () => Promise<void>;
}

export class DatabaseLedgerStore implements LedgerStore {
  readonly writer: number;
  readonly #database: Database;
  readonly #db: Kysely<LedgerTables>;
  readonly #isPostgres: boolean;
  readonly #seal: Seal;
  readonly #limits: LedgerLimits;
  readonly #writer: LedgerWriter;
  readonly #close: () => Promise<void>;
  readonly #folder: string | undefined;
  #accepted: AcceptedRowsFile | undefined;

  private constructor(database: Database, { seal, limits, isKeyCurrent, folder, close }: LedgerStoreOptions) {
    this.writer = randomInt(1, MAX_WRITER);
    this.#folder = folder;
    this.#database = database;
    this.#db = database.db.withTables<LedgerTables>();
    this.#isPostgres = database.columns.bytes === 'bytea';
    this.#seal = seal;
    this.#limits = limits;
    const { writer } = this;
    this.#writer = new LedgerWriter({ writer, isPostgres: this.#isPostgres, seal, isKeyCurrent });
    this.#close = close;
  }

  /** Rejects with `storage_unavailable`. */
  static async open(database: Database, options: LedgerStoreOptions): Promise<LedgerStore> {
    const { clock } = database;
    await withRetry(clock, () => migrateLedger(database, clock.now(), LEDGER_MIGRATIONS));
    const store = new DatabaseLedgerStore(database, options);
    await withRetry(clock, () => addWriter(store.#db, store.writer, clock.now()));
    // Only then: a file without its entry would look like one of another database.
    if (options.folder !== undefined) store.#accepted = new AcceptedRowsFile(options.folder, store.writer);
    return store;
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

  groups(limit: number) {
    return this.#retried(() => readGroups(this.#db, limit));
  }

  credits(by: 'key' | 'account', nowMs: number) {
    return this.#retried(() => readCredits(this.#db, by, nowMs));
  }

  prune(nowMs: number): Promise<boolean> {
    return this.#retried(() => prune(this.#db, this.#isPostgres, this.#limits, nowMs));
  }

  get uncounted(): string | undefined {
    return this.#accepted?.problem;
  }

  noteAccepted(rows: number): void {
    this.#accepted?.write(rows);
  }

  async recordKilled(): Promise<number> {
    if (this.#folder === undefined) return 0;
    let lost = 0;
    for (const { path, writer, rows, atMs } of acceptedByEnded(this.#folder, this.#database.clock.now())) {
      const stored = await this.#retried(() => rowsStoredBy(this.#db, writer));
      // Undefined: of another database.
      if (stored === undefined) continue;
      const missing = Math.max(0, rows - stored);
      const isFirst = await this.#recordEnd(writer, { atMs: Math.round(atMs), rows: missing, reason: 'killed' });
      if (isFirst) lost += missing;
      removeAcceptedRows(path);
    }
    return lost;
  }

  /** False if another process was faster. */
  #recordEnd(writer: number, loss: LedgerLoss): Promise<boolean> {
    return this.#retried(() =>
      this.#db.transaction().execute(async (transaction) => {
        const isFirst = await removeWriter(transaction, writer);
        if (isFirst && loss.rows > 0) await addLoss(transaction, loss);
        return isFirst;
      }),
    );
  }

  recordLoss(loss: LedgerLoss): Promise<void> {
    return this.#retried(() => addLoss(this.#db, loss));
  }

  async endWriting(): Promise<void> {
    this.#accepted?.remove();
    await this.#retried(() => removeWriter(this.#db, this.writer));
  }

  rowsLost(fromMs: number, toMs: number) {
    return this.#retried(() => rowsLost(this.#db, fromMs, toMs));
  }

  newestNumber() {
    return this.#retried(() => newestNumber(this.#db));
  }

  writtenByOthers(after: number, limit: number) {
    return this.#retried(() => rowsAfter(this.#db, after, this.writer, limit));
  }

  async close(): Promise<void> {
    this.#accepted?.close();
    await this.#close();
  }

  #retried<T>(work: () => Promise<T>): Promise<T> {
    return withRetry(this.#database.clock, work);
  }

  async #isStored(id: string): Promise<boolean> {
    return (await requestWithId({ db: this.#db, isPostgres: this.#isPostgres }, id)) !== undefined;
  }

  /** Undefined also if it was encrypted by a process that still had an earlier key: the row is readable without it. */
  async #textOf(number: number, id: string): Promise<RequestText | undefined> {
    const row = await this.#db
      .selectFrom('ledger_requests')
      .select('sealed')
      .where('id', '=', number)
      .executeTakeFirst();
    if (!row?.sealed) return undefined;
    const text = opened(this.#seal, placeOfText(id), row.sealed);
    return text === undefined ? undefined : JSON.parse(text);
  }
}

/** Numbers of processes are exact in JavaScript and in both databases. */
const MAX_WRITER = 2 ** 48 - 1;
