/**
 * Waits and dates from external sources: headers, bodies, token endpoints, files. Each is capped where it is
 * read, so that an absurd number cannot disable an account for years, overflow a timer or throw a RangeError.
 */

/** Retry an overloaded service or a throttled account after an hour at most. */
export const MAX_THROTTLE_WAIT_MS = 3_600_000;
/** Plans are monthly; the longest month and a day for time zones. */
export const MAX_QUOTA_WAIT_MS = 32 * 86_400_000;
/** Access tokens usually last an hour, with identity providers up to a day. */
export const MAX_TOKEN_LIFETIME_MS = 86_400_000;
/** A user signs in within minutes; the official device flow allows ten. */
export const MAX_SIGN_IN_MS = 3_600_000;
export const MAX_POLL_INTERVAL_MS = 60_000;
/** Client registrations are valid for 90 days. */
const MAX_REGISTRATION_MS = 366 * 86_400_000;

/** Milliseconds from 0 to `maxMs`, whole; undefined for NaN. */
export function cappedMs(ms: number, maxMs: number): number | undefined {
  return Number.isNaN(ms) ? undefined : Math.ceil(Math.min(Math.max(ms, 0), maxMs));
}

/** A date in milliseconds since the epoch, not later than `maxMs` from now. */
export function cappedDate(dateMs: number, nowMs: number, maxMs: number): number {
  return Math.min(dateMs, nowMs + maxMs);
}

/** The expiry of a client registration, from the service's date. NaN counts as expired. */
export function registrationExpiry(dateMs: number, nowMs: number): number {
  return Number.isNaN(dateMs) ? 0 : Math.trunc(Math.max(0, cappedDate(dateMs, nowMs, MAX_REGISTRATION_MS)));
}

/** The expiry of a token with this lifetime, in milliseconds since the epoch. NaN counts as expired. */
export function tokenExpiry(lifetimeS: number, nowMs: number): number {
  return nowMs + (cappedMs(lifetimeS * 1000, MAX_TOKEN_LIFETIME_MS) ?? 0);
}

/**
 * The wait requested by `Retry-After` (RFC 9110, section 10.2.3: seconds or an HTTP date), in milliseconds and not
 * yet capped; undefined for any other value.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const trimmed = value?.trim();
  if (!trimmed) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  const dateMs = /^[A-Z][a-z]{2},/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** RFC 3339 allows only four-digit years. */
const FIRST_DATE_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_DATE_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Formats a date as RFC 3339. Never throws: dates out of range become the first or last valid date, NaN becomes 1970. */
export function isoTime(ms: number): string {
  return new Date(Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, FIRST_DATE_MS), LAST_DATE_MS)).toISOString();
}
