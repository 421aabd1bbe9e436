/**
 * How long to wait before the next request: from the `Retry-After` header, a member of the body, or its message. The cap
 * depends on the kind of failure, not on where the wait was found.
 * Source: `retryAfterMilliseconds` in live responses of 2026-09 and later; the other spellings come from intermediaries
 * and from Smithy's `retryAfterSeconds`.
 */
import type { ErrorCode } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { cappedMs, MAX_QUOTA_WAIT_MS, MAX_THROTTLE_WAIT_MS, parseRetryAfter } from '../../core/times.ts';

/** `bodies`: the envelope and the objects nested in it, in order of precedence. Milliseconds, not capped. */
export function readRetryAfter(
  header: string | undefined,
  bodies: readonly JsonObject[],
  message: string | undefined,
  nowMs: number,
): number | undefined {
  const inHeader = parseRetryAfter(header, nowMs);
  if (inHeader !== undefined) return inHeader;
  for (const body of bodies) {
    for (const [key, value] of Object.entries(body)) {
      const waitMs = waitOf(key, value, nowMs);
      if (waitMs !== undefined) return waitMs;
    }
  }
  return inWords(message);
}

export function cappedRetryAfter(waitMs: number | undefined, code: ErrorCode): number | undefined {
  const isQuota = code === 'quota_exhausted' || code === 'daily_limit';
  return waitMs === undefined ? undefined : cappedMs(waitMs, isQuota ? MAX_QUOTA_WAIT_MS : MAX_THROTTLE_WAIT_MS);
}

/** `retryAfterMilliseconds`, `retry_after_ms`, `retry-after`: compared by their letters alone. */
function waitOf(key: string, value: JsonValue, nowMs: number): number | undefined {
  if (key.length > MAX_KEY_CHARS) return undefined;
  const member = MEMBER.exec(lettersOf(key));
  if (!member) return undefined;
  const seconds = typeof value === 'number' ? value * 1000 : parseRetryAfter(textOf(value), nowMs);
  if (seconds === undefined || seconds < 0) return undefined;
  return member[1]?.startsWith('m') ? seconds / 1000 : seconds;
}

const MAX_KEY_CHARS = 40;
const MEMBER = /^retry(?:after|delay)(?:in)?(ms|millis|milliseconds|s|sec|seconds)?$/;

function lettersOf(key: string): string {
  return key.toLowerCase().replaceAll(/[^a-z]/g, '');
}

/** `30s`, the form of Google's `retryDelay`, becomes `30`. */
function textOf(value: JsonValue): string | undefined {
  return typeof value === 'string' ? value.trim().replace(/^(\d+(?:\.\d+)?)s$/, '$1') : undefined;
}

/** `Please try again in 20 seconds.` */
function inWords(message: string | undefined): number | undefined {
  const match = message === undefined ? null : IN_WORDS.exec(message);
  const unit = match?.[2]?.toLowerCase();
  if (!match || unit === undefined) return undefined;
  const unitMs = unit.startsWith('ms') || unit.startsWith('milli') ? 1 : (UNITS_MS[unit.charAt(0)] ?? 1_000);
  return Number(match[1]) * unitMs;
}

const IN_WORDS =
  /\b(?:try again|retry) (?:in|after) (\d{1,9}(?:\.\d{1,3})?) ?(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b/i;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
