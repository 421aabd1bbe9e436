import { afterEach, describe, expect, it, vi } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { estimated, measured } from '../../core/usage.ts';
import { RequestRecord } from '../request-record.ts';
import { readDetails } from './details.ts';
import { Ledger } from './ledger.ts';
import type { LedgerCredits, LedgerRow, LedgerStore } from './ledger-store.ts';

interface FakeStore extends LedgerStore {
  readonly rows: LedgerRow[];
  failure: GatewayError | undefined;
  credited: LedgerCredits[];
}

function createFakeStore(): FakeStore {
  const store: FakeStore = {
    rows: [],
    failure: undefined,
    credited: [],
    async write(rows) {
      if (store.failure) throw store.failure;
      store.rows.push(...rows);
    },
    list: async () => [],
    find: async () => undefined,
    history: async () => [],
    credits: async (by) => (by === 'key' ? store.credited : []),
    prune: async () => false,
    writer: 1,
    groups: async () => [],
    uncounted: undefined,
    noteAccepted: () => {},
    recordKilled: async () => 0,
    recordLoss: async () => {},
    endWriting: async () => {},
    rowsLost: async () => 0,
    newestNumber: async () => 0,
    writtenByOthers: async () => [],
    close: async () => {},
  };
  return store;
}

function recordOf(id: string, change: Partial<RequestRecord> = {}): RequestRecord {
  const record = new RequestRecord(id, 0);
  const usage = { inputTokens: measured(10), outputTokens: estimated(5), credits: measured(2) };
  return Object.assign(record, { kind: 'reply', client: 'key-1', status: 200, usage, method: 'POST', ...change });
}

const open: Ledger[] = [];
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close();
});

function createLedger() {
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const writer = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  const log: Log = { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
  const clock = createFakeClock();
  const ledger = new Ledger(clock, log);
  open.push(ledger);
  return { ledger, clock, lines, store: createFakeStore() };
}

describe('the ledger', () => {
  it('writes requests that ended before it was open, and leaves out health checks and the admin API', async () => {
    const { ledger, clock, store } = createLedger();
    for (const kind of ['reply', 'health', 'admin', 'page', 'models'] as const)
      ledger.observe(recordOf(kind, { kind }));
    await ledger.start(async () => store);
    await clock.advance(1_000);
    await vi.waitFor(() => expect(store.rows.map(({ id }) => id)).toEqual(['reply', 'models']), 10_000);
    expect(ledger.stats).toEqual({ waiting: 0, written: 2, lost: 0 });
  });

  it('keeps rows while the database fails, writes them when it works again, and says both', async () => {
    const { ledger, clock, store, lines } = createLedger();
    await ledger.start(async () => store);
    store.failure = new GatewayError('storage_unavailable', 'The disk is full.');
    ledger.observe(recordOf('a'));
    await clock.advance(1_000);
    await vi.waitFor(() => expect(lines.map(({ level }) => level)).toEqual(['error']), 10_000);
    ledger.observe(recordOf('b'));
    store.failure = undefined;
    await clock.advance(2_000);
    await vi.waitFor(() => expect(store.rows.map(({ id }) => id)).toEqual(['a', 'b']), 10_000);
    expect(lines.at(-1)?.message).toBe('the ledger can be written again');
  });

  it('loses rows only when the queue is full, and counts and reports them', async () => {
    const { ledger, lines } = createLedger();
    for (let count = 0; count < 20_003; count++) ledger.observe(recordOf(`req_${count}`));
    expect(ledger.stats).toEqual({ waiting: 20_000, written: 0, lost: 3 });
    expect(lines).toMatchObject([{ level: 'error', fields: { rows: 1, lost: 1 } }]);
  });

  it('writes what waits in full batches, and leaves what arrives meanwhile to the next time', async () => {
    const { ledger, clock, store } = createLedger();
    const batches: number[] = [];
    Object.assign(store, {
      write: async (rows: readonly LedgerRow[]) => {
        batches.push(rows.length);
        if (batches.length < 4) for (const id of ['x', 'y', 'z']) ledger.observe(recordOf(id));
      },
    });
    await ledger.start(async () => store);
    for (let count = 0; count < 600; count++) ledger.observe(recordOf(`req_${count}`));
    await clock.advance(1);
    await vi.waitFor(() => expect(batches).toEqual([256, 256]), 10_000);
    const isWritten = async () => {
      await clock.advance(500);
      expect(ledger.stats).toMatchObject({ waiting: 0, written: 609 });
    };
    await vi.waitFor(isWritten, 10_000);
    expect(batches).toEqual([256, 256, 94, 3]);
  });

  it('records what ends while it is closed', async () => {
    const { ledger, store } = createLedger();
    await ledger.start(async () => store);
    Object.assign(store, {
      write: async (rows: readonly LedgerRow[]) => {
        store.rows.push(...rows);
        if (store.rows.length < 3) ledger.observe(recordOf(`after ${store.rows.length}`));
      },
    });
    ledger.observe(recordOf('a'));
    await ledger.close();
    expect(store.rows.map(({ id }) => id)).toEqual(['a', 'after 1', 'after 2']);
  });

  it('loses no other row if one cannot be built, and says so', async () => {
    const { ledger, clock, store, lines } = createLedger();
    const losses: object[] = [];
    const noted: number[] = [];
    await ledger.start(async () =>
      Object.assign(store, {
        recordLoss: async (loss: object) => void losses.push(loss),
        noteAccepted: (rows: number) => void noted.push(rows),
      }),
    );
    ledger.observe(recordOf('a'));
    ledger.observe(recordOf('broken', { userAgent: 1 as unknown as string }));
    ledger.observe(recordOf('b'));
    await clock.advance(1_000);
    await vi.waitFor(() => expect(losses).toMatchObject([{ rows: 1, reason: 'failed' }]), 10_000);
    expect(store.rows.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(ledger.stats).toEqual({ waiting: 0, written: 2, lost: 1 });
    expect(lines).toMatchObject([{ level: 'error', fields: { requestId: 'broken', err: expect.any(TypeError) } }]);
    ledger.observe(recordOf('c'));
    await vi.waitFor(() => expect(noted.at(-1)).toBe(3), 10_000);
  });

  it('writes what waits when it is closed', async () => {
    const { ledger, store } = createLedger();
    await ledger.start(async () => store);
    ledger.observe(recordOf('a'));
    await ledger.close();
    expect(store.rows).toHaveLength(1);
  });

  it('knows at once what a key has used, and learns what other processes have written', async () => {
    const { ledger, clock, store } = createLedger();
    store.credited = [{ id: 'key-1', day: 10, month: 100 }];
    await ledger.start(async () => store);
    expect(ledger.spent('key-1')).toEqual({ day: 10, month: 100 });
    ledger.observe(Object.assign(new RequestRecord('a', clock.now()), recordOf('a'), { receivedMs: clock.now() }));
    expect(ledger.spent('key-1')).toEqual({ day: 12, month: 102 });
    expect(ledger.spent('key-2')).toEqual({ day: 0, month: 0 });
    await clock.advance(1_000);
    await vi.waitFor(() => expect(store.rows).toHaveLength(1), 10_000);
    store.credited = [{ id: 'key-1', day: 20, month: 110 }];
    await clock.advance(6_000);
    await vi.waitFor(() => expect(ledger.spent('key-1')).toEqual({ day: 20, month: 110 }), 10_000);
  });

  it('notes how many rows it has accepted, before they are written, and ends when none waits', async () => {
    const { ledger, store } = createLedger();
    const noted: number[] = [];
    const endWriting = vi.fn(store.endWriting);
    Object.assign(store, { noteAccepted: (rows: number) => void noted.push(rows), endWriting });
    ledger.observe(recordOf('a'));
    await ledger.start(async () => store);
    for (const id of ['b', 'c', 'd']) ledger.observe(recordOf(id));
    await vi.waitFor(() => expect(noted.at(-1)).toBe(4), 10_000);
    expect(store.rows).toEqual([]);
    await ledger.close();
    expect(endWriting).toHaveBeenCalledOnce();
  });

  it('leaves it to the next start to find what it could not write', async () => {
    const { ledger, store, lines } = createLedger();
    const endWriting = vi.fn(store.endWriting);
    await ledger.start(async () => Object.assign(store, { endWriting }));
    store.failure = new GatewayError('storage_unavailable', 'The disk is full.');
    ledger.observe(recordOf('a'));
    await ledger.close();
    expect(endWriting).not.toHaveBeenCalled();
    expect(lines.at(-1)).toMatchObject({ level: 'error', fields: { rows: 1 } });
  });

  it('counts and reports what a killed process has lost', async () => {
    const { ledger, store, lines } = createLedger();
    await ledger.start(async () => Object.assign(store, { recordKilled: async () => 7 }));
    expect(ledger.stats).toMatchObject({ lost: 7 });
    expect(lines).toMatchObject([{ level: 'error', fields: { rows: 7 }, message: expect.stringContaining('killed') }]);
  });

  it('says why it cannot count what a kill loses', async () => {
    const { ledger, store, lines } = createLedger();
    await ledger.start(async () => Object.assign(store, { uncounted: 'read-only file system' }));
    expect(lines).toMatchObject([{ level: 'warn', fields: { why: 'read-only file system' } }]);
  });

  it('records what it has lost once the database works', async () => {
    const { ledger, clock, store } = createLedger();
    const losses: object[] = [];
    const recordLoss = async (loss: object) => void losses.push(loss);
    for (let count = 0; count < 20_003; count++) ledger.observe(recordOf(`req_${count}`));
    await ledger.start(async () => Object.assign(store, { recordLoss }));
    const isWritten = async () => {
      await clock.advance(500);
      expect(store.rows).toHaveLength(20_000);
    };
    await vi.waitFor(isWritten, 10_000);
    expect(losses).toMatchObject([{ rows: 3, reason: 'queue-full' }]);
  });

  it('opens again later if the database was not available', async () => {
    const { ledger, clock, store } = createLedger();
    const attempt = vi.fn(async () => store);
    attempt.mockRejectedValueOnce(new GatewayError('storage_unavailable', 'Nothing listens there.'));
    await ledger.start(attempt);
    await expect(ledger.opened()).rejects.toMatchObject({ code: 'storage_unavailable' });
    await clock.advance(11_000);
    expect(await ledger.opened()).toBe(store);
  });
});

describe('a row', () => {
  async function rowOf(record: RequestRecord): Promise<LedgerRow | undefined> {
    const { ledger, store } = createLedger();
    await ledger.start(async () => store);
    ledger.observe(record);
    await ledger.close();
    return store.rows[0];
  }

  it('names the last account tried, and has the credits of an unfinished reply as an estimate', async () => {
    const record = recordOf('a', { usage: undefined, code: 'client_closed', model: 'gpt-5.6-sol' });
    record.attempts.push({
      ...{
        accountId: 'acc-1',
        accountLabel: 'work',
        wireProfile: 'q-rest',
        choice: undefined,
        startedMs: 1,
        endedMs: 2,
      },
      ...{ error: undefined, modelId: 'gpt-5.6-sol', upstreamRequestId: 'up-1', rateMultiplier: 4.4 },
      usage: { inputTokens: estimated(1_000), outputTokens: estimated(10) },
    });
    const row = await rowOf(record);
    expect(row && { ...row, details: readDetails(row.details, row) }).toMatchObject({
      group: { account: 'acc-1', outcome: 'abandoned', answeredModel: 'gpt-5.6-sol' },
      otherIds: ['up-1'],
      details: { usage: { inputTokens: { value: 1_000 }, credits: { provenance: 'estimated' } } },
      amounts: { inputTokens: 1_000, estimatedCredits: expect.any(Number) },
    });
  });

  it.each([
    [
      'The body is not valid JSON: Unexpected token \'m\', "{"marked" is not valid JSON',
      'The body is not valid JSON: Unexpected token …',
    ],
    ["messages[0].role: expected 'user', not “marked”. Change it.", 'messages[0].role: expected …. Change it.'],
    ["The request's headers are larger than 65536 bytes.", "The request's headers are larger than 65536 bytes."],
  ])('has the error %j without what it quotes', async (message, expected) => {
    const error = new GatewayError('invalid_request', message);
    const row = await rowOf(recordOf('a', { code: 'invalid_request', error, usage: undefined }));
    expect(row?.errorText?.startsWith(expected)).toBe(true);
    expect(row?.errorText).not.toContain('marked');
  });
});
