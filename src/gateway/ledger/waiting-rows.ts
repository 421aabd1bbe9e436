/**
 * The rows that wait to be written, the oldest first. A finished record refers to much that could be collected by then, and
 * what outlives a few collections costs more than building a row: so under load records wait only for a few others, and then
 * only what the database gets of them.
 */
import type { RequestRecord } from '../request-record.ts';
import type { LedgerGroup, LedgerRow } from './ledger-store.ts';
import { accountOf, creditsOf, isRecorded, toLedgerRow } from './row.ts';
import type { Expense } from './spending.ts';

/** More than a minute of a busy gateway. Each row has about a kilobyte, besides its text. */
const MAX_WAITING = 20_000;
/** Characters of prompts and answers. While more wait to be written, rows are recorded without theirs. */
const MAX_TEXT = 32 * 1024 * 1024;
/** Records that are turned into rows together: one at a time, the processor would have to load the code for each. */
const BUILT_TOGETHER = 32;
/** Rows of one transaction. SQLite blocks the event loop meanwhile: for a few milliseconds. */
const BATCH_ROWS = 256;
/** Characters of the texts of one transaction, which are encrypted meanwhile. A row that has more is written alone. */
const BATCH_TEXT = 1024 * 1024;

export class WaitingRows {
  /** Of requests that have ended, not yet turned into rows. */
  #ended: RequestRecord[] = [];
  #rows: LedgerRow[] = [];
  /** Of the row built last. */
  #group: LedgerGroup | undefined;
  /** Characters of the texts of all that wait. */
  #text = 0;

  get count(): number {
    return this.#ended.length + this.#rows.length;
  }

  get isFull(): boolean {
    return this.count >= MAX_WAITING;
  }

  /** What waits is enough for a transaction. */
  get fillBatch(): boolean {
    return this.count >= BATCH_ROWS || this.#text >= BATCH_TEXT;
  }

  /** `build` is due. */
  get canBuild(): boolean {
    return this.#ended.length >= BUILT_TOGETHER;
  }

  add(record: RequestRecord): void {
    const { text } = record;
    if (text) {
      if (this.#text + text.size > MAX_TEXT) text.drop();
      this.#text += text.size;
    }
    this.#ended.push(record);
  }

  /** Turns the ended requests into rows. `onFailure`: the row of this one could not be built, and is lost. */
  build(onFailure: (record: RequestRecord, cause: unknown) => void): void {
    const ended = this.#ended;
    this.#ended = [];
    for (const record of ended) {
      try {
        if (!isRecorded(record.kind)) continue;
        const row = toLedgerRow(record, record.kind, this.#group);
        this.#group = row.group;
        this.#rows.push(row);
      } catch (cause) {
        this.#text -= record.text?.size ?? 0;
        onFailure(record, cause);
      }
    }
  }

  /** Those of one transaction, at least one if any is built. They no longer wait. */
  take(): LedgerRow[] {
    let rows = 0;
    for (let text = 0; rows < Math.min(BATCH_ROWS, this.#rows.length); rows++) {
      text += textOf(this.#rows[rows]);
      if (rows > 0 && text > BATCH_TEXT) break;
    }
    const taken = this.#rows.splice(0, rows);
    for (const row of taken) this.#text -= textOf(row);
    return taken;
  }

  /** They could not be written, and wait again. */
  putBack(rows: readonly LedgerRow[]): void {
    this.#rows.unshift(...rows);
    for (const row of rows) this.#text += textOf(row);
  }

  /** What they have used, by key or account. */
  *expenses(by: 'key' | 'account'): Generator<readonly [string, Expense]> {
    for (const { group, receivedMs, amounts } of this.#rows) {
      const id = group[by];
      if (id !== null) yield [id, { receivedMs, credits: amounts.credits }];
    }
    for (const record of this.#ended) {
      const id = by === 'key' ? record.client : accountOf(record);
      if (id !== undefined) yield [id, { receivedMs: record.receivedMs, credits: creditsOf(record) }];
    }
  }
}

function textOf(row: LedgerRow | undefined): number {
  return row?.text ? row.text.request.length + row.text.reply.length : 0;
}
