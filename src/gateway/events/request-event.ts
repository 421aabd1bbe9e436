/** A finished request as the event stream shows it: the fields of the list of requests that need no look-up. */
import { isoTime } from '../../core/times.ts';
import type { StoredLedgerRow } from '../ledger/ledger-store.ts';
import type { RequestRecord } from '../request-record.ts';

export function toRequestEvent(record: RequestRecord): object {
  const { requestId, responseId, receivedMs, kind, outcome, status, code, method, routePath, protocol } = record;
  const { client, model, route, stream, firstByteMs, durationMs, attempts, adjustments } = record;
  return {
    id: responseId ?? requestId,
    time: isoTime(receivedMs),
    ...{ kind, outcome, status, method, durationMs },
    code: code ?? null,
    route: routePath ?? null,
    protocol: protocol ?? null,
    key: client ?? null,
    model: model?.slice(0, 100) ?? null,
    account: route?.accountId ?? null,
    answeredModel: route?.modelId ?? null,
    stream: stream ?? false,
    firstByteMs: firstByteMs ?? null,
    attemptCount: attempts.length,
    adjustmentCount: adjustments?.length ?? 0,
  };
}

/** The same for a request of another process, as the ledger has it. */
export function toEventOfRow({ id, receivedMs, group, details }: StoredLedgerRow): object {
  const { kind, outcome, code, protocol, key, account, model, answeredModel, route } = group;
  const { status, method, durationMs, stream, firstByteMs, attempts, adjustmentCount } = details;
  return {
    ...{ id, kind, outcome, status, method, durationMs, code, protocol, key, account, answeredModel },
    time: isoTime(receivedMs),
    route: route === 'other' ? null : route.slice(route.indexOf(' ') + 1),
    model: (details.model ?? model)?.slice(0, 100) ?? null,
    stream: stream ?? false,
    firstByteMs: firstByteMs ?? null,
    attemptCount: attempts?.length ?? 0,
    adjustmentCount: adjustmentCount ?? 0,
  };
}
