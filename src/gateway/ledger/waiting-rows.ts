/**
 * The rows that wait to be written, the oldest first. A finished record refers to much that could be collected by then, and
 * what outlives a few collections costs more than building a row: so under load records wait only for a few others, and then
 * only what the database gets of them.
 */
import type { RequestRecord } from '../request-record.ts';
import type { LedgerAmounts, LedgerGroup, LedgerRow } from './ledger-store.ts';
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
  /** The oldest rows. */
  readonly #packed = new PackedRows(BATCH_ROWS + BUILT_TOGETHER);
  /** From the first one on that could not be packed. */
  #rows: LedgerRow[] = [];
  /** Of the row built last. */
  #group: LedgerGroup | undefined;
  /** Characters of the texts of all that wait. */
  #text = 0;

  get count(): number {
    return this.#ended.length + this.#rows.length + this.#packed.count;
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
        if (this.#rows.length > 0 || !this.#packed.add(row)) this.#rows.push(row);
      } catch (cause) {
        this.#text -= record.text?.size ?? 0;
        onFailure(record, cause);
      }
    }
  }

  /** Those of one transaction, at least one if any is built. They no longer wait. */
  take(): LedgerRow[] {
    const taken = this.#packed.take(BATCH_ROWS);
    const room = BATCH_ROWS - taken.length;
    let rows = 0;
    for (let text = 0; rows < Math.min(room, this.#rows.length); rows++) {
      text += textOf(this.#rows[rows]);
      if (rows > 0 && text > BATCH_TEXT) break;
    }
    for (const row of this.#rows.splice(0, rows)) {
      this.#text -= textOf(row);
      taken.push(row);
    }
    return taken;
  }

  /** They could not be written, and wait again. */
  putBack(rows: readonly LedgerRow[]): void {
    this.#rows.unshift(...rows, ...this.#packed.take(this.#packed.count));
    for (const row of rows) this.#text += textOf(row);
  }

  /** What they have used, by key or account. */
  *expenses(by: 'key' | 'account'): Generator<readonly [string, Expense]> {
    for (const { group, receivedMs, amounts } of this.#rows) {
      const id = group[by];
      if (id !== null) yield [id, { receivedMs, credits: amounts.credits }];
    }
    yield* this.#packed.expenses(by);
    for (const record of this.#ended) {
      const id = by === 'key' ? record.client : accountOf(record);
      if (id !== undefined) yield [id, { receivedMs: record.receivedMs, credits: creditsOf(record) }];
    }
  }
}

function textOf(row: LedgerRow | undefined): number {
  return row?.text ? row.text.request.length + row.text.reply.length : 0;
}

/** Numbers of a row: when it was received, its amounts, and those at these places. */
const TEXT_END = 11;
const DETAILS_LENGTH = 12;
const ID_LENGTH = 13;
const NUMBERS = 14;
/** Room for the texts of a row, on average. Most have about 400. */
const TEXT_BYTES = 768;
/** In UTF-8, of a unit of UTF-16. */
const MAX_BYTES_A_CHARACTER = 3;

/**
 * Rows outside of V8's heap, in order. They wait for longer than V8 lets young objects live, so each became a kilobyte of old ones:
 * of 22,000 replies of 100 frames, V8 collected the whole heap four times instead of once, for 60 ms of processor time each.
 */
class PackedRows {
  readonly #max: number;
  readonly #numbers: Float64Array<ArrayBuffer>;
  readonly #texts: Buffer;
  /** Rows of one group share it. */
  readonly #groups: (LedgerGroup | undefined)[];
  #count = 0;
  /** Of `#texts`. */
  #end = 0;

  constructor(max: number) {
    this.#max = max;
    this.#numbers = new Float64Array(max * NUMBERS);
    this.#texts = Buffer.allocUnsafeSlow(max * TEXT_BYTES);
    this.#groups = new Array(max);
  }

  get count(): number {
    return this.#count;
  }

  /** False: there is no room, or the row has what few rows have: an error, a prompt, several ids. */
  add({ id, receivedMs, group, amounts, otherIds, errorText, details, text }: LedgerRow): boolean {
    if (errorText !== null || text !== undefined || otherIds.length > 1 || otherIds[0] === '') return false;
    const texts = details + id + (otherIds[0] ?? '');
    if (this.#count === this.#max || texts.length * MAX_BYTES_A_CHARACTER > this.#texts.length - this.#end)
      return false;
    this.#end += this.#texts.write(texts, this.#end);
    this.#groups[this.#count] = group;
    const numbers = this.#numbers;
    const at = this.#count++ * NUMBERS;
    numbers[at] = receivedMs;
    numbers[at + 1] = amounts.requests;
    numbers[at + 2] = amounts.inputTokens;
    numbers[at + 3] = amounts.outputTokens;
    numbers[at + 4] = amounts.cacheReadTokens;
    numbers[at + 5] = amounts.credits;
    numbers[at + 6] = amounts.estimatedCredits;
    numbers[at + 7] = amounts.listPriceUsd;
    numbers[at + 8] = amounts.durationMs;
    numbers[at + 9] = amounts.firstByteMs;
    numbers[at + 10] = amounts.firstByteCount;
    numbers[at + TEXT_END] = this.#end;
    numbers[at + DETAILS_LENGTH] = details.length;
    numbers[at + ID_LENGTH] = id.length;
    return true;
  }

  /** The first rows, at most so many. They are no longer here. */
  take(most: number): LedgerRow[] {
    const rows: LedgerRow[] = [];
    const count = Math.min(most, this.#count);
    let start = 0;
    for (let index = 0; index < count; index++) {
      rows.push(this.#rowAt(index, start));
      start = this.#number(index, TEXT_END);
    }
    this.#drop(count, start);
    return rows;
  }

  *expenses(by: 'key' | 'account'): Generator<readonly [string, Expense]> {
    for (let index = 0; index < this.#count; index++) {
      const id = this.#groups[index]?.[by];
      const { credits } = this.#amountsAt(index);
      if (typeof id === 'string') yield [id, { receivedMs: this.#number(index, 0), credits }];
    }
  }

  #rowAt(index: number, start: number): LedgerRow {
    const texts = this.#texts.toString('utf8', start, this.#number(index, TEXT_END));
    const idStart = this.#number(index, DETAILS_LENGTH);
    const idEnd = idStart + this.#number(index, ID_LENGTH);
    return {
      id: texts.slice(idStart, idEnd),
      receivedMs: this.#number(index, 0),
      group: this.#groups[index] as LedgerGroup, // added with the row
      amounts: this.#amountsAt(index),
      otherIds: idEnd === texts.length ? [] : [texts.slice(idEnd)],
      errorText: null,
      details: texts.slice(0, idStart),
      text: undefined,
    };
  }

  #amountsAt(index: number): LedgerAmounts {
    return {
      requests: this.#number(index, 1),
      inputTokens: this.#number(index, 2),
      outputTokens: this.#number(index, 3),
      cacheReadTokens: this.#number(index, 4),
      credits: this.#number(index, 5),
      estimatedCredits: this.#number(index, 6),
      listPriceUsd: this.#number(index, 7),
      durationMs: this.#number(index, 8),
      firstByteMs: this.#number(index, 9),
      firstByteCount: this.#number(index, 10),
    };
  }

  /** Within the bounds. */
  #number(index: number, place: number): number {
    return this.#numbers[index * NUMBERS + place] as number;
  }

  /** `bytes`: those of their texts. */
  #drop(rows: number, bytes: number): void {
    this.#numbers.copyWithin(0, rows * NUMBERS, this.#count * NUMBERS);
    this.#groups.copyWithin(0, rows, this.#count);
    this.#groups.fill(undefined, this.#count - rows, this.#count);
    this.#texts.copyWithin(0, bytes, this.#end);
    this.#count -= rows;
    this.#end -= bytes;
    for (let index = 0; index < this.#count; index++)
      this.#numbers[index * NUMBERS + TEXT_END] = this.#number(index, TEXT_END) - bytes;
  }
}
