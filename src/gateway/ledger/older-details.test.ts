import { describe, expect, it } from 'vitest';
import { otherIdsIn, readDetails } from './details.ts';
import type { LedgerGroup } from './ledger-store.ts';

const GROUP: LedgerGroup = {
  ...{ key: 'key-1', account: 'acc-1', model: 'claude-sonnet-4-5', answeredModel: 'claude-sonnet-4.5' },
  ...{ protocol: 'openai-chat', client: 'codex', route: 'POST /v1/chat/completions' },
  ...{ kind: 'reply', outcome: 'ok', code: null },
};
const ROW = { receivedMs: 1_000, group: GROUP };

describe('details that earlier builds wrote', () => {
  it('are read as they are if they have no format', () => {
    const old = {
      ids: ['up-1'],
      method: 'POST',
      path: '/v1/messages',
      status: 200,
      durationMs: 1,
      attempts: [{ startedMs: 5 }],
    };
    expect(readDetails(JSON.stringify(old), ROW)).toEqual(old);
    expect(otherIdsIn(JSON.stringify(old))).toEqual(['up-1']);
  });

  it('are completed by their group in format 2', () => {
    const json = JSON.stringify({
      format: 2,
      status: 200,
      accountLabel: 'work',
      durationMs: 901,
      wireProfile: 'q-rest',
      usage: { inputTokens: { value: 1_247, provenance: 'derived' }, credits: 0.01, listPriceUsd: 0.03 },
      attempts: [
        { accountLabel: null, startedMs: 0, endedMs: 2, code: 'upstream_error', upstreamRequestId: 'up-1' },
        { accountId: 'acc-2', startedMs: 3, upstreamRequestId: 'up-2' },
      ],
    });
    expect(readDetails(json, ROW)).toEqual({
      ids: ['up-1', 'up-2'],
      method: 'POST',
      path: '/v1/chat/completions',
      status: 200,
      accountLabel: 'work',
      durationMs: 901,
      wireProfile: 'q-rest',
      usage: {
        inputTokens: { value: 1_247, provenance: 'derived' },
        credits: { value: 0.01, provenance: 'measured' },
        listPriceUsd: 0.03,
      },
      attempts: [
        {
          ...{ accountId: 'acc-1', wireProfile: 'q-rest', model: 'claude-sonnet-4.5' },
          ...{ startedMs: 1_000, endedMs: 1_002, code: 'upstream_error', upstreamRequestId: 'up-1' },
        },
        {
          ...{ accountId: 'acc-2', accountLabel: 'work', wireProfile: 'q-rest', model: 'claude-sonnet-4.5' },
          ...{ startedMs: 1_003, upstreamRequestId: 'up-2' },
        },
      ],
    });
    expect(otherIdsIn(json)).toEqual(['up-1', 'up-2']);
  });
});
