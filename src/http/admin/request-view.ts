/** Rows of the ledger as the admin API shows them; null for what is unknown. */
import { isoTime } from '../../core/times.ts';
import type { LedgerAttempt, LedgerUsage, StoredLedgerRow } from '../../gateway/ledger/ledger-store.ts';
import type { RequestText } from '../../gateway/recorded-text.ts';
import type { AttemptView, RequestDetailView, RequestView, UsageView } from './contract/request.ts';

/** Names of keys and accounts, by id. */
export interface Names {
  readonly keys: ReadonlyMap<string, string>;
  readonly accounts: ReadonlyMap<string, string>;
}

export function toRequestView(
  { id, receivedMs, group, errorText, details }: StoredLedgerRow,
  names: Names,
): RequestView {
  const { key, account, model, answeredModel, protocol, client, kind, outcome, code } = group;
  const { route } = group;
  return {
    id,
    time: isoTime(receivedMs),
    kind,
    outcome,
    status: details.status,
    code,
    // Of a request that succeeded in the end, the text is that of a failed attempt.
    error: code === null ? null : errorText,
    method: details.method,
    route: route === 'other' ? null : route.slice(route.indexOf(' ') + 1),
    protocol,
    key,
    keyName: (key !== null && names.keys.get(key)) || null,
    account,
    accountLabel: (account !== null && names.accounts.get(account)) || (details.accountLabel ?? null),
    model: details.model ?? model,
    answeredModel,
    client,
    clientVersion: details.clientVersion ?? null,
    stream: details.stream ?? false,
    firstByteMs: details.firstByteMs ?? null,
    durationMs: details.durationMs,
    attemptCount: details.attempts?.length ?? 0,
    adjustmentCount: details.adjustmentCount ?? 0,
    usage: details.usage ? toUsageView(details.usage) : null,
  };
}

function toUsageView(usage: LedgerUsage): UsageView {
  return {
    inputTokens: usage.inputTokens ?? null,
    outputTokens: usage.outputTokens ?? null,
    cacheReadTokens: usage.cacheReadTokens ?? null,
    cacheWriteTokens: usage.cacheWriteTokens ?? null,
    reasoningTokens: usage.reasoningTokens ?? null,
    contextPercentage: usage.contextPercentage ?? null,
    credits: usage.credits ?? null,
    estimatedCredits: usage.estimatedCredits ?? null,
    listPriceUsd: usage.listPriceUsd ?? null,
  };
}

export function toRequestDetailView(
  row: StoredLedgerRow,
  text: RequestText | undefined,
  names: Names,
): RequestDetailView {
  const { receivedMs, details } = row;
  const { attempts = [], adjustments = [], responseTo, ids = [] } = details;
  return {
    ...toRequestView(row, names),
    responseTo: responseTo ?? null,
    path: details.path,
    param: details.param ?? null,
    rule: details.rule ?? null,
    retryAfterMs: details.retryAfterMs ?? null,
    wireProfile: details.wireProfile ?? null,
    conversationId: details.conversationId ?? null,
    upstreamIds: ids.filter((id) => id !== responseTo),
    attempts: attempts.map((attempt) => toAttemptView(attempt, names)),
    adjustments: adjustments.map(({ rule, path, before = null, after = null }) => ({ rule, path, before, after })),
    timing: {
      receivedAt: isoTime(receivedMs),
      firstByteMs: details.firstByteMs ?? null,
      durationMs: details.durationMs,
      waitedMs: attempts.reduce((sum, { waitedMs = 0 }) => sum + waitedMs, 0),
    },
    text: text ?? null,
  };
}

function toAttemptView(attempt: LedgerAttempt, { accounts }: Names): AttemptView {
  const { accountId, endedMs, skipped = [] } = attempt;
  return {
    account: accountId ?? null,
    accountLabel: (accountId && accounts.get(accountId)) || (attempt.accountLabel ?? null),
    wireProfile: attempt.wireProfile ?? null,
    model: attempt.model ?? null,
    startedAt: isoTime(attempt.startedMs),
    endedAt: endedMs === undefined ? null : isoTime(endedMs),
    code: attempt.code ?? null,
    error: attempt.error ?? null,
    reason: attempt.reason ?? null,
    upstreamStatus: attempt.upstreamStatus ?? null,
    upstreamRequestId: attempt.upstreamRequestId ?? null,
    strategy: attempt.strategy ?? null,
    waitedMs: attempt.waitedMs ?? null,
    skipped: skipped.map(({ accountId: account, why, untilMs }) => ({
      account,
      why,
      until: untilMs === undefined ? null : isoTime(untilMs),
    })),
  };
}
