/** Rows for the tests of the ledger's storage. */
import { measured } from '../../src/core/usage.ts';
import { writeDetails } from '../../src/gateway/ledger/details.ts';
import type { LedgerGroup, LedgerRow } from '../../src/gateway/ledger/ledger-store.ts';
import { RequestRecord } from '../../src/gateway/request-record.ts';

export type RowChange = Partial<Omit<LedgerRow, 'group' | 'details'>> & { readonly group?: Partial<LedgerGroup> };

const GROUP: LedgerGroup = {
  key: 'key-1',
  account: 'acc-1',
  model: 'claude-sonnet-4-5',
  answeredModel: 'claude-sonnet-4.5',
  protocol: 'anthropic-messages',
  client: 'claude-code',
  route: 'POST /v1/messages',
  kind: 'reply',
  outcome: 'ok',
  code: null,
};

const USAGE = { inputTokens: measured(1_000), outputTokens: measured(100), credits: measured(0.25) };

export function ledgerRow(id: string, receivedMs: number, { group: changed, ...change }: RowChange = {}): LedgerRow {
  const group = { ...GROUP, ...changed };
  const otherIds = [`up-${id}`];
  const context = { group, usage: USAGE, otherIds, clientVersion: undefined };
  return {
    id,
    receivedMs,
    group,
    amounts: {
      requests: 1,
      inputTokens: 1_000,
      outputTokens: 100,
      cacheReadTokens: 0,
      credits: 0.25,
      estimatedCredits: 0,
      listPriceUsd: 0.0045,
      durationMs: 1_200,
      firstByteMs: 300,
      firstByteCount: 1,
    },
    otherIds,
    errorText: null,
    text: undefined,
    details: writeDetails(recordOf(id, receivedMs, group), context),
    ...change,
  };
}

/** Of a request that took one attempt. */
function recordOf(id: string, receivedMs: number, { account, model, answeredModel }: LedgerGroup): RequestRecord {
  const record = new RequestRecord(id, receivedMs);
  Object.assign(record, {
    method: 'POST',
    url: '/v1/messages',
    status: 200,
    durationMs: 1_200,
    firstByteMs: 300,
    model,
  });
  record.attempts.push({
    accountId: account ?? undefined,
    accountLabel: 'work',
    wireProfile: 'q-rest',
    choice: undefined,
    startedMs: receivedMs,
    endedMs: receivedMs + 900,
    error: undefined,
    modelId: answeredModel ?? undefined,
    upstreamRequestId: `up-${id}`,
    rateMultiplier: undefined,
    usage: undefined,
  });
  return record;
}
