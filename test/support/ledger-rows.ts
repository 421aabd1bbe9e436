/** Rows for the tests of the ledger's storage. */
import { measured } from '../../src/core/usage.ts';
import type { LedgerDetails, LedgerGroup, LedgerRow } from '../../src/gateway/ledger/ledger-store.ts';

export type RowChange = Partial<Omit<LedgerRow, 'group' | 'details'>> & {
  readonly group?: Partial<LedgerGroup>;
  readonly details?: Partial<LedgerDetails>;
};

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

const DETAILS: LedgerDetails = { method: 'POST', path: '/v1/messages', status: 200, durationMs: 1_200 };

export function ledgerRow(id: string, receivedMs: number, { group, details, ...change }: RowChange = {}): LedgerRow {
  const usage = { inputTokens: measured(1_000), outputTokens: measured(100), credits: measured(0.25) };
  return {
    id,
    receivedMs,
    group: { ...GROUP, ...group },
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
    otherIds: [`up-${id}`],
    errorText: null,
    text: undefined,
    ...change,
    details: JSON.stringify({ ...DETAILS, usage, ids: [`up-${id}`], ...details }),
  };
}
