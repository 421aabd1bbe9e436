import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import { derived, estimated, measured } from '../../core/usage.ts';
import type { AttemptRecord } from '../attempts.ts';
import { RequestRecord } from '../request-record.ts';
import { otherIdsIn, readDetails, writeDetails } from './details.ts';
import type { LedgerGroup, LedgerUsage } from './ledger-store.ts';

const RECEIVED_MS = 1_796_000_000_000;
const GROUP: LedgerGroup = {
  key: 'key-1',
  account: 'acc-1',
  model: 'claude-sonnet-4-5',
  answeredModel: 'claude-sonnet-4.5',
  protocol: 'openai-chat',
  client: 'codex',
  route: 'POST /v1/chat/completions',
  kind: 'reply',
  outcome: 'ok',
  code: null,
};
const USAGE: LedgerUsage = {
  inputTokens: derived(1_247),
  outputTokens: estimated(12),
  contextPercentage: measured(1.25),
  credits: measured(0.01),
  estimatedCredits: 0.02,
  listPriceUsd: 0.03,
};

function attempt(change: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    accountId: 'acc-1',
    accountLabel: 'work',
    wireProfile: 'q-rest',
    choice: undefined,
    startedMs: RECEIVED_MS + 3,
    endedMs: RECEIVED_MS + 900,
    error: undefined,
    modelId: 'claude-sonnet-4.5',
    upstreamRequestId: 'up-1',
    rateMultiplier: undefined,
    usage: undefined,
    ...change,
  };
}

function record(attempts: readonly AttemptRecord[], change: Partial<RequestRecord> = {}): RequestRecord {
  const made = new RequestRecord('req_1', RECEIVED_MS);
  made.attempts.push(...attempts);
  const route = { accountId: 'acc-1', accountLabel: 'work', wireProfile: 'q-rest', modelId: 'claude-sonnet-4.5' };
  return Object.assign(made, {
    method: 'POST',
    url: '/v1/chat/completions?key=1',
    status: 200,
    durationMs: 901,
    model: 'claude-sonnet-4-5',
    route,
    ...change,
  });
}

/** Undefined usage: none is known. */
function written(made: RequestRecord, otherIds: readonly string[], usage?: LedgerUsage): string {
  return writeDetails(made, { group: GROUP, usage, otherIds, clientVersion: '1.2' });
}

const REQUEST = {
  status: 200,
  model: 'claude-sonnet-4-5',
  accountLabel: 'work',
  clientVersion: '1.2',
  durationMs: 901,
  wireProfile: 'q-rest',
};
const ROW = { receivedMs: RECEIVED_MS, group: GROUP };

describe('the details of a row', () => {
  it('are read as the request was, though what its group says is not stored', () => {
    const json = written(record([attempt()]), ['up-1'], USAGE);
    const usage = [[1_247, 'derived'], [12, 'estimated'], null, null, null, 1.25, 0.01, 0.02, 0.03];
    const attempts = [[3, 900, 'up-1', null, null]];
    const texts = ['claude-sonnet-4-5', 'work', '1.2', 'q-rest', null];
    expect(JSON.parse(json)).toEqual([3, attempts, null, 200, 901, null, 0, ...texts, usage]);
    expect(readDetails(json, ROW)).toEqual({
      ids: ['up-1'],
      method: 'POST',
      path: '/v1/chat/completions',
      ...REQUEST,
      usage: USAGE,
      attempts: [
        {
          accountId: 'acc-1',
          accountLabel: 'work',
          wireProfile: 'q-rest',
          model: 'claude-sonnet-4.5',
          startedMs: RECEIVED_MS + 3,
          endedMs: RECEIVED_MS + 900,
          upstreamRequestId: 'up-1',
        },
      ],
    });
  });

  it('keep each attempt, whatever it shares with the others', () => {
    const some = fc.constantFrom('acc-1', 'acc-2', 'work', 'q-rest', 'claude-sonnet-4.5', 'up-1', 'up-2', undefined);
    const time = fc.integer({ min: RECEIVED_MS, max: RECEIVED_MS + 600_000 });
    const attempts = fc.array(
      fc.record({
        accountId: some,
        accountLabel: some,
        wireProfile: some,
        modelId: some,
        upstreamRequestId: some,
        startedMs: time,
        endedMs: fc.option(time, { nil: undefined }),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(attempts, fc.array(fc.constantFrom('up-1', 'up-2', 'req_1')), (changes, otherIds) => {
        const json = written(record(changes.map(attempt)), otherIds);
        const read = readDetails(json, ROW).attempts ?? [];
        expect(read.map(({ model: modelId, ...others }) => ({ modelId, ...others }))).toEqual(
          changes.map((change) => ({ ...change })),
        );
        if (otherIds.length > 0) expect(otherIdsIn(json)).toEqual(otherIds);
      }),
    );
  });

  it('name a method and path that are not those of the route', () => {
    const json = written(record([], { method: 'GET', url: '/v1/responses/resp_1' }), []);
    expect(readDetails(json, ROW)).toMatchObject({ method: 'GET', path: '/v1/responses/resp_1' });
    expect(readDetails(json, ROW).ids).toBeUndefined();
  });

  it('keep what few requests have', () => {
    const error = new GatewayError('rate_limited', 'Too many requests.', { param: 'messages[0]', retryAfterMs: 2_000 });
    const adjustment = { rule: 'max-tokens', path: 'max_tokens', before: 1, after: 2 };
    const made = record([attempt({ error })], {
      ...{ responseId: 'resp_1', stream: true, firstByteMs: 7, error },
      adjustments: Array(60).fill(adjustment),
    });
    expect(readDetails(written(made, ['req_1', 'up-1']), ROW)).toMatchObject({
      ...{ responseTo: 'req_1', ids: ['req_1', 'up-1'], stream: true, firstByteMs: 7 },
      ...{ param: 'messages[0]', retryAfterMs: 2_000, adjustmentCount: 60 },
      attempts: [{ accountId: 'acc-1', code: 'rate_limited', error: 'Too many requests.' }],
    });
    expect(readDetails(written(made, []), ROW).adjustments).toEqual(
      Array(50).fill({ rule: 'max-tokens', path: 'max_tokens', before: '1', after: '2' }),
    );
  });
});
