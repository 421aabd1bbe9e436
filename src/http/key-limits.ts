/** Applies the limits of the client's key to a request that asks a model for an answer, and reports them in headers. */
import { isoTime } from '../core/times.ts';
import type { BudgetWarning, KeyLimiter } from '../gateway/key-limits/key-limiter.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import type { ClientProtocol } from '../protocols/protocol.ts';
import type { HttpExchange } from './http-exchange.ts';

/** Rejects with `rate_limited` or `budget_exhausted`. Every answer from then on has the headers, that error's too. */
export async function applyKeyLimits(
  exchange: HttpExchange,
  key: StoredKey,
  protocol: ClientProtocol,
  limiter: Pick<KeyLimiter, 'admit'>,
): Promise<void> {
  const { rates, warnings, refusal } = await limiter.admit(key, exchange.requestId, exchange.gone.signal);
  const nowMs = exchange.receivedMs + exchange.elapsedMs;
  exchange.headers.setAll(protocol.writeRateLimits(rates, nowMs));
  if (warnings.length > 0) exchange.headers.set('x-dragoman-budget', budgetHeader(warnings));
  if (refusal) throw refusal;
}

/** `day;used=8.2;limit=10;resets="2026-11-30T00:00:00.000Z", month;…`: a list of RFC 8941. Credits, rounded. */
function budgetHeader(warnings: readonly BudgetWarning[]): string {
  const items = warnings.map(({ period, used, limit, resetsAtMs }) => {
    return `${period};used=${decimal(used)};limit=${decimal(limit)};resets="${isoTime(resetsAtMs)}"`;
  });
  return items.join(', ');
}

/** RFC 8941 allows three digits after the point and no exponent. */
function decimal(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
