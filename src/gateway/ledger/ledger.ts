/**
 * Records every request: observes finished ones, writes them in batches off the requests' path, and knows what each key
 * and account has used. While the database fails, rows wait in a bounded queue; those that find it full are lost, counted
 * and reported in the log.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cancel, Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { RequestRecord } from '../request-record.ts';
import { GroupNames, MAX_GROUPS } from './group-names.ts';
import type { LedgerRow, LedgerStore } from './ledger-store.ts';
import { accountOf, creditsOf, isRecorded, toLedgerRow } from './row.ts';
import { type Expense, Spending, type Spent } from './spending.ts';

/** A process that is killed loses the rows of this time. */
const WRITE_AFTER_MS = 400;
/** Rows of one transaction. SQLite blocks the event loop meanwhile: for a few milliseconds. */
const BATCH_ROWS = 128;
/** Some megabytes, and more than a minute of a busy gateway. */
const MAX_WAITING = 20_000;
/** Of prompts and answers. While more wait to be written, rows are recorded without theirs. */
const MAX_WAITING_TEXT = 32 * 1024 * 1024;
const RETRY_AFTER_MS = 1_000;
const REOPEN_AFTER_MS = 10_000;
/** How soon the credits used through other processes are known here. */
const REREAD_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 60_000;
const REPORT_LOST_EVERY_MS = 60_000;

export interface LedgerStats {
  /** Rows that wait to be written. */
  readonly waiting: number;
  /** Rows written by this process. */
  readonly written: number;
  /** Rows that could not be written: those that found the queue full, and those of processes that were killed before. */
  readonly lost: number;
}

export class Ledger {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #names = new GroupNames();
  readonly #keys: Spending;
  readonly #accounts: Spending;
  #store: LedgerStore | undefined;
  /** Not yet turned into rows. */
  #records: RequestRecord[] = [];
  /** Rows whose writing has failed, the oldest first. */
  #failed: LedgerRow[] = [];
  /** Characters of their texts. */
  #waitingText = 0;
  /** Rows that have found room in the queue. */
  #accepted = 0;
  #isAcceptedNoted = true;
  #written = 0;
  #lost = 0;
  #lostReported = 0;
  #lostUnrecorded = 0;
  #lostReportedMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #cancelTimer: Cancel | undefined;
  /** Writing or rereading, one at a time. */
  #working: Promise<void> | undefined;
  readonly #cancelRepeated: Cancel[] = [];
  #opening: Promise<LedgerStore> = Promise.reject(notOpen());
  #cancelOpening: Cancel = () => {};
  #isClosed = false;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#keys = new Spending(clock.now);
    this.#accounts = new Spending(clock.now);
    this.#opening.catch(() => {});
  }

  /** The observer of finished requests. */
  readonly observe = (record: RequestRecord): void => {
    if (!isRecorded(record.kind)) return;
    const credits = creditsOf(record);
    if (credits > 0) this.#spend(record, credits);
    if (this.#waiting >= MAX_WAITING) {
      this.#lose(1);
      return;
    }
    this.#makeRoomFor(record);
    this.#records.push(record);
    this.#accepted += 1;
    if (this.#isAcceptedNoted) {
      this.#isAcceptedNoted = false;
      setImmediate(this.#noteAccepted);
    }
    this.#schedule(this.#records.length < BATCH_ROWS ? WRITE_AFTER_MS : 0);
  };

  /** Once for all requests that end in a turn of the event loop. */
  readonly #noteAccepted = (): void => {
    this.#isAcceptedNoted = true;
    this.#store?.noteAccepted(this.#accepted);
  };

  #makeRoomFor({ text }: RequestRecord): void {
    if (!text) return;
    if (this.#waitingText + text.size > MAX_WAITING_TEXT) text.drop();
    this.#waitingText += text.size;
  }

  /** Credits that a key has used. */
  spent(keyId: string): Spent {
    return this.#keys.spent(keyId);
  }

  /** Credits that requests have used on an account. */
  spentOn(accountId: string): Spent {
    return this.#accounts.spent(accountId);
  }

  get stats(): LedgerStats {
    return { waiting: this.#waiting, written: this.#written, lost: this.#lost };
  }

  /** For queries: waits until it is open. Rejects with `storage_unavailable`. */
  opened(): Promise<LedgerStore> {
    return this.#opening;
  }

  /** Opens the store, begins to write, and resolves once the credits used before are known. Never rejects. */
  async start(open: () => Promise<LedgerStore>): Promise<void> {
    this.#opening = open();
    try {
      this.#store = await this.#opening;
    } catch (cause) {
      if (this.#isClosed) return;
      this.#log.error({ why: GatewayError.from(cause).details }, 'could not open the ledger; its rows wait in memory');
      this.#cancelOpening = this.#clock.schedule(REOPEN_AFTER_MS, () => void this.start(open));
      return;
    }
    const { uncounted: why } = this.#store;
    if (why !== undefined) this.#log.warn({ why }, 'rows of the ledger that a kill loses will not be counted');
    this.#noteAccepted();
    await this.#learnNames();
    await this.#reread();
    await this.#recordKilled();
    this.#repeat(REREAD_EVERY_MS, () => this.#reread());
    this.#repeat(PRUNE_EVERY_MS, () => this.#prune());
    this.#schedule(WRITE_AFTER_MS);
  }

  /** Writes what waits, as far as the database allows, and closes the store. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelOpening();
    await this.#opening.catch(() => {});
    for (const cancel of this.#cancelRepeated) cancel();
    while (this.#working) await this.#working;
    await this.#write();
    this.#cancelTimer?.();
    if (this.#waiting > 0)
      this.#log.error({ rows: this.#waiting }, 'requests were not recorded: the ledger cannot be written');
    else await this.#store?.endWriting().catch(() => {});
    this.#reportLost();
    await this.#store?.close();
  }

  get #waiting(): number {
    return this.#records.length + this.#failed.length;
  }

  #spend(record: RequestRecord, credits: number): void {
    const expense = { receivedMs: record.receivedMs, credits };
    const accountId = accountOf(record);
    if (record.client !== undefined) this.#keys.add(record.client, expense);
    if (accountId !== undefined) this.#accounts.add(accountId, expense);
  }

  #schedule(afterMs: number): void {
    if (!this.#store || this.#isFailing) return;
    if (this.#cancelTimer && afterMs > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(afterMs, () => {
      this.#cancelTimer = undefined;
      void this.#write();
    });
  }

  #repeat(everyMs: number, work: () => Promise<void>): void {
    let cancel: Cancel = () => {};
    const next = () => {
      if (!this.#isClosed) cancel = this.#clock.schedule(everyMs, () => void work().finally(next));
    };
    next();
    this.#cancelRepeated.push(() => cancel());
  }

  #write(): Promise<void> {
    return this.#work(() => this.#writeAll());
  }

  async #work(work: () => Promise<void>): Promise<void> {
    while (this.#working) await this.#working;
    this.#working = work().finally(() => {
      this.#working = undefined;
    });
    await this.#working;
  }

  async #writeAll(): Promise<void> {
    const store = this.#store;
    if (!store) return;
    while (this.#waiting > 0) {
      const rows = this.#failed.length > 0 ? this.#failed.splice(0, BATCH_ROWS) : this.#takeRows();
      try {
        await store.write(rows);
        this.#written += rows.length;
        this.#waitingText -= textOf(rows);
        this.#recover();
      } catch (cause) {
        this.#failed.unshift(...rows);
        this.#fail(cause);
        return;
      }
      await this.#recordLost();
      await nextTurn();
    }
  }

  #takeRows(): LedgerRow[] {
    return this.#records.splice(0, BATCH_ROWS).flatMap((record) => {
      if (!isRecorded(record.kind)) return [];
      const row = toLedgerRow(record, record.kind);
      return [{ ...row, group: this.#names.bounded(row.group) }];
    });
  }

  #fail(cause: unknown): void {
    if (!this.#isFailing)
      this.#log.error(
        { why: GatewayError.from(cause).details, waiting: this.#waiting },
        'could not write to the ledger; its rows wait in memory',
      );
    this.#isFailing = true;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(RETRY_AFTER_MS, () => {
      this.#cancelTimer = undefined;
      void this.#write();
    });
  }

  #recover(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#log.info({ waiting: this.#waiting }, 'the ledger can be written again');
    this.#reportLost();
  }

  #lose(rows: number): void {
    this.#lost += rows;
    this.#lostUnrecorded += rows;
    if (this.#clock.now() - this.#lostReportedMs >= REPORT_LOST_EVERY_MS) this.#reportLost();
  }

  #reportLost(): void {
    const rows = this.#lost - this.#lostReported;
    if (rows === 0) return;
    this.#lostReported = this.#lost;
    this.#lostReportedMs = this.#clock.now();
    this.#log.error({ rows, lost: this.#lost }, 'requests were not recorded: the queue of the ledger is full');
  }

  /** Never rejects: what cannot be recorded now is recorded after the next batch. */
  async #recordLost(): Promise<void> {
    const rows = this.#lostUnrecorded;
    if (rows === 0) return;
    this.#lostUnrecorded = 0;
    await this.#store?.recordLoss({ atMs: this.#clock.now(), rows, reason: 'queue-full' }).catch(() => {
      this.#lostUnrecorded += rows;
    });
  }

  async #learnNames(): Promise<void> {
    try {
      this.#names.learn((await this.#store?.groups(MAX_GROUPS)) ?? []);
    } catch (cause) {
      this.#log.warn({ why: GatewayError.from(cause).details }, 'could not read the names in the ledger');
    }
  }

  async #recordKilled(): Promise<void> {
    try {
      const rows = (await this.#store?.recordKilled()) ?? 0;
      if (rows === 0) return;
      this.#lost += rows;
      this.#lostReported += rows;
      this.#log.error({ rows, lost: this.#lost }, 'requests were not recorded: the gateway was killed');
    } catch (cause) {
      this.#log.warn(
        { why: GatewayError.from(cause).details },
        'could not find out what a killed process had not recorded',
      );
    }
  }

  /** Not while rows are being written: each is counted either as stored or as waiting. */
  #reread(): Promise<void> {
    return this.#work(() => this.#rereadNow());
  }

  async #rereadNow(): Promise<void> {
    const store = this.#store;
    if (!store) return;
    const nowMs = this.#clock.now();
    try {
      const keys = await store.credits('key', nowMs);
      const accounts = await store.credits('account', nowMs);
      this.#keys.reset(keys, nowMs, this.#expenses('key'));
      this.#accounts.reset(accounts, nowMs, this.#expenses('account'));
    } catch (cause) {
      this.#log.warn({ why: GatewayError.from(cause).details }, 'could not read the credits used from the ledger');
    }
  }

  *#expenses(by: 'key' | 'account'): Generator<readonly [string, Expense]> {
    for (const { group, receivedMs, amounts } of this.#failed) {
      const id = group[by];
      if (id !== null) yield [id, { receivedMs, credits: amounts.credits }];
    }
    for (const record of this.#records) {
      const id = by === 'key' ? record.client : accountOf(record);
      if (id !== undefined) yield [id, { receivedMs: record.receivedMs, credits: creditsOf(record) }];
    }
  }

  async #prune(): Promise<void> {
    try {
      while (!this.#isClosed && (await this.#store?.prune(this.#clock.now()))) await nextTurn();
    } catch (cause) {
      this.#log.warn({ why: GatewayError.from(cause).details }, 'could not remove old rows from the ledger');
    }
  }
}

function textOf(rows: readonly LedgerRow[]): number {
  return rows.reduce((sum, { text }) => sum + (text ? text.request.length + text.reply.length : 0), 0);
}

function notOpen(): GatewayError {
  return new GatewayError('storage_unavailable', 'The ledger is not open yet. Try again in a moment.');
}
