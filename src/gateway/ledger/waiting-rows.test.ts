import { describe, expect, it } from 'vitest';
import { measured } from '../../core/usage.ts';
import type { AttemptRecord } from '../attempts.ts';
import { RecordedText } from '../recorded-text.ts';
import { RequestRecord } from '../request-record.ts';
import { readDetails } from './details.ts';
import type { LedgerRow } from './ledger-store.ts';
import { toLedgerRow } from './row.ts';
import { WaitingRows } from './waiting-rows.ts';

function recordOf(id: string, characters = 0): RequestRecord {
  const record = new RequestRecord(id, 1_000);
  const usage = { inputTokens: measured(10), outputTokens: measured(5), credits: measured(2) };
  Object.assign(record, { kind: 'reply', client: 'key-1', status: 200, usage, method: 'POST' });
  if (characters === 0) return record;
  record.text = new RecordedText();
  record.text.takeRequest(Buffer.alloc(characters, 'x'));
  return record;
}

function attempt(upstreamRequestId: string): AttemptRecord {
  return {
    accountId: 'acc_1',
    accountLabel: 'work',
    wireProfile: 'q-rest',
    choice: undefined,
    startedMs: 1_000,
    endedMs: 1_100,
    error: undefined,
    modelId: 'claude-sonnet-4.5',
    upstreamRequestId,
    rateMultiplier: undefined,
    usage: undefined,
  };
}

function fail(_record: RequestRecord, cause: unknown): never {
  throw cause;
}

/** The sizes of the batches. */
function takeAll(waiting: WaitingRows): number[] {
  const sizes: number[] = [];
  while (waiting.count > 0) sizes.push(waiting.take().length);
  return sizes;
}

describe('the waiting rows', () => {
  it('are built 32 at a time, and keep nothing of their records but what is written', () => {
    const waiting = new WaitingRows();
    const record = recordOf('a');
    waiting.add(record);
    for (let count = 0; count < 31; count++) {
      expect(waiting.canBuild).toBe(false);
      waiting.add(recordOf('b'));
    }
    expect(waiting.canBuild).toBe(true);
    waiting.build(fail);
    expect(waiting.canBuild).toBe(false);
    record.usage = undefined;
    waiting.add(recordOf('c'));
    expect(waiting.count).toBe(33);
    const rows = waiting.take();
    expect(rows.map(({ id }) => id)).toEqual(['a', ...Array(31).fill('b')]);
    const [row] = rows;
    expect(row && readDetails(row.details, row)).toMatchObject({ usage: { inputTokens: { value: 10 } } });
  });

  it('share the group of the row before, also of another batch', () => {
    const waiting = new WaitingRows();
    const groups = ['a', 'b'].map((id) => {
      waiting.add(recordOf(id));
      waiting.build(fail);
      return waiting.take()[0]?.group;
    });
    expect(groups[0]).toBeDefined();
    expect(groups[1]).toBe(groups[0]);
  });

  it('are taken in batches bounded by their number and by the size of their texts', () => {
    const waiting = new WaitingRows();
    for (let count = 0; count < 300; count++) waiting.add(recordOf(`small ${count}`));
    for (let count = 0; count < 20; count++) waiting.add(recordOf(`large ${count}`, 100 * 1024));
    waiting.build(fail);
    const sizes: number[] = [];
    while (waiting.fillBatch) sizes.push(waiting.take().length);
    expect([...sizes, ...takeAll(waiting)]).toEqual([256, 54, 10]);
    expect(sizes).toEqual([256, 54]);
  });

  it('lose their texts beyond a limit, and have room for others once they are taken', () => {
    const waiting = new WaitingRows();
    const add = (count: number) => {
      for (let index = 0; index < count; index++) waiting.add(recordOf(`req_${index}`, 128 * 1024));
      waiting.build(fail);
    };
    add(257);
    const rows = Array.from({ length: 32 }, () => waiting.take()).flat();
    expect(rows.map(({ text }) => text !== undefined)).toEqual([...Array(256).fill(true), false]);
    waiting.putBack(rows);
    add(1);
    expect(takeAll(waiting)).toHaveLength(32);
    add(1);
    expect(waiting.take()[0]?.text?.request).toHaveLength(128 * 1024);
  });

  it('are written as they were built, in their order, whatever their texts and ids', () => {
    const records = Array.from({ length: 900 }, (_, index) => {
      const record = new RequestRecord(`req_${index}-é`, 1_000 + index / 8);
      const usage = { inputTokens: measured(index), outputTokens: measured(5), credits: measured(index / 3) };
      const url = `/v1/${'é漢🙂'.repeat(index % 40)}`;
      Object.assign(record, { url, usage, client: `key-${index % 3}`, durationMs: index, firstByteMs: index / 2 });
      if (index % 4 > 0) record.attempts.push(attempt(`upstream-${index}-é`));
      // A row with a second id is not packed, nor are those after it until it is written.
      if (index % 97 === 96) record.attempts.push(attempt(`upstream-${index}-again`));
      return record;
    });
    const waiting = new WaitingRows();
    const rows: LedgerRow[] = [];
    for (const [index, record] of records.entries()) {
      waiting.add(Object.assign(record, { kind: 'reply' }));
      if (waiting.canBuild) waiting.build(fail);
      // The rows that wait after the 600th are more than are packed.
      if (index % 50 === 49 && index < 600) rows.push(...waiting.take());
      if (index === 400) waiting.putBack(rows.splice(-20));
    }
    waiting.build(fail);
    while (waiting.count > 0) rows.push(...waiting.take());
    expect(rows).toEqual(records.map((record) => toLedgerRow(record, 'reply')));
  });

  it('have used credits before and after they are built, and when they wait again', () => {
    const waiting = new WaitingRows();
    waiting.add(recordOf('a'));
    waiting.build(fail);
    waiting.putBack(waiting.take());
    waiting.add(recordOf('b'));
    const expense = ['key-1', { receivedMs: 1_000, credits: 2 }];
    expect([...waiting.expenses('key')]).toEqual([expense, expense]);
    expect([...waiting.expenses('account')]).toEqual([]);
  });
});
