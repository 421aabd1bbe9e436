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
import { accountOf, creditsOf, isRecorded } from './row.ts';
import { Spending, type Spent } from './spending.ts';
import { WaitingRows } from './waiting-rows.ts';

/** A process that is killed loses the rows of this time. */
const WRITE_AFTER_MS = 400;
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
  readonly #waiting = new WaitingRows();
  /** Rows that have found room in the queue. */
  #accepted = 0;
  #isAcceptedNoted = true;
  #written = 0;
  #lost = 0;
  #lostReported = 0;
  /** Lost rows that the database does not know of yet. */
  readonly #unrecorded = { 'queue-full': 0, failed: 0 };
  #lostReportedMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #isWriting = false;
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
    if (this.#waiting.isFull) {
      this.#lose(1);
      return;
    }
    this.#accepted += 1;
    this.#waiting.add(record);
    if (this.#isAcceptedNoted) setImmediate(this.#endTurn);
    this.#isAcceptedNoted = false;
    this.#scheduleWriting();
  };

  /** Once for all requests that end in a turn of the event loop. */
  readonly #endTurn = (): void => {
    this.#noteAccepted();
    if (this.#waiting.canBuild) this.#buildRows();
  };

  #noteAccepted(): void {
    if (this.#isAcceptedNoted) return;
    this.#isAcceptedNoted = true;
    this.#store?.noteAccepted(this.#accepted);
  }

  #buildRows(): void {
    this.#waiting.build(({ requestId }, err) => {
      this.#log.error({ err, requestId }, 'a request was not recorded: its row could not be built');
      this.#accepted -= 1;
      this.#lost += 1;
      this.#lostReported += 1;
      this.#unrecorded.failed += 1;
    });
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
    return { waiting: this.#waiting.count, written: this.#written, lost: this.#lost };
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
    this.#store.noteAccepted(this.#accepted);
    await this.#learnNames();
    await this.#reread();
    await this.#recordKilled();
    this.#repeat(REREAD_EVERY_MS, () => this.#reread());
    this.#repeat(PRUNE_EVERY_MS, () => this.#prune());
    this.#scheduleWriting();
  }

  /** Writes what waits, as far as the database allows, and closes the store. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelOpening();
    await this.#opening.catch(() => {});
    for (const cancel of this.#cancelRepeated) cancel();
    while (this.#working) await this.#working;
    do await this.#write();
    while (this.#waiting.count > 0 && this.#store && !this.#isFailing);
    this.#cancelTimer?.();
    const rows = this.#waiting.count;
    if (rows > 0) this.#log.error({ rows }, 'requests were not recorded: the ledger cannot be written');
    else await this.#store?.endWriting().catch(() => {});
    this.#reportLost();
    await this.#store?.close();
  }

  #spend(record: RequestRecord, credits: number): void {
    const expense = { receivedMs: record.receivedMs, credits };
    const accountId = accountOf(record);
    if (record.client !== undefined) this.#keys.add(record.client, expense);
    if (accountId !== undefined) this.#accounts.add(accountId, expense);
  }

  #scheduleWriting(): void {
    if (!this.#store || this.#isFailing || this.#isWriting) return;
    const isUrgent = this.#waiting.fillBatch;
    if (this.#cancelTimer && !isUrgent) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(isUrgent ? 0 : WRITE_AFTER_MS, () => {
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

  async #write(): Promise<void> {
    if (this.#waiting.count === 0) return;
    this.#isWriting = true;
    await this.#work(() => this.#writeWaiting());
    this.#isWriting = false;
    if (this.#waiting.count > 0) this.#scheduleWriting();
  }

  async #work(work: () => Promise<void>): Promise<void> {
    while (this.#working) await this.#working;
    this.#working = work().finally(() => {
      this.#working = undefined;
    });
    await this.#working;
  }

  /** One batch, and what fills further ones: a transaction for the few rows of each turn would cost several times as much. */
  async #writeWaiting(): Promise<void> {
    const store = this.#store;
    if (!store) return;
    do {
      this.#noteAccepted();
      this.#buildRows();
      const rows = this.#waiting.take().map((row) => this.#bounded(row));
      try {
        await store.write(rows);
      } catch (cause) {
        this.#waiting.putBack(rows);
        this.#fail(cause);
        return;
      }
      this.#written += rows.length;
      this.#recover();
      await this.#recordLost();
      await nextTurn();
    } while (this.#waiting.fillBatch);
  }

  /** Mostly the row itself, since rows of one group share it. */
  #bounded(row: LedgerRow): LedgerRow {
    const group = this.#names.bounded(row.group);
    return group === row.group ? row : { ...row, group };
  }

  #fail(cause: unknown): void {
    if (!this.#isFailing)
      this.#log.error(
        { why: GatewayError.from(cause).details, waiting: this.#waiting.count },
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
    this.#log.info({ waiting: this.#waiting.count }, 'the ledger can be written again');
    this.#reportLost();
  }

  #lose(rows: number): void {
    this.#lost += rows;
    this.#unrecorded['queue-full'] += rows;
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
    for (const reason of ['queue-full', 'failed'] as const) {
      const rows = this.#unrecorded[reason];
      if (rows === 0) continue;
      this.#unrecorded[reason] = 0;
      await this.#store?.recordLoss({ atMs: this.#clock.now(), rows, reason }).catch(() => {
        this.#unrecorded[reason] += rows;
      });
    }
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
      this.#keys.reset(keys, nowMs, this.#waiting.expenses('key'));
      this.#accounts.reset(accounts, nowMs, this.#waiting.expenses('account'));
    } catch (cause) {
      this.#log.warn({ why: GatewayError.from(cause).details }, 'could not read the credits used from the ledger');
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

function notOpen(): GatewayError {
  return new GatewayError('storage_unavailable', 'The ledger is not open yet. Try again in a moment.');
}
