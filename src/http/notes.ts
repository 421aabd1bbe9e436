/** What the gateway did with a request, as response headers: its adjustments and its route. */
import type { Choice } from '../accounts/choice.ts';
import type { Adjustment } from '../core/adjustments.ts';
import type { Route } from '../gateway/ports.ts';

/** Many clients reject a response with more than 16 KiB of headers in total. */
const MAX_LENGTH = 2_048;

/** `tool-name-alias@tools[3].name; field-ignored@seed`, and how many more there were. */
export function adjustmentsHeader(adjustments: readonly Adjustment[]): string {
  let header = '';
  for (const [index, { rule, path }] of adjustments.entries()) {
    const note = headerSafe(path === '' ? rule : `${rule}@${path}`);
    if (header.length + note.length > MAX_LENGTH) return `${header}; +${adjustments.length - index}`;
    header += header === '' ? note : `; ${note}`;
  }
  return header;
}

/**
 * `account="a1", model="m", profile="q-rest", attempt=2, strategy=sticky, candidates=3, home="a2", waited=1200,
 * passed=("a2";why=cooling;for=28 "a3";why=suspended), more=4`: a dictionary of RFC 8941. `waited` is in milliseconds,
 * `for` in seconds; `home` is the account that the conversation usually uses; `more` counts skipped accounts that are not listed.
 */
export function routeHeader({ accountId, modelId, wireProfile, attempt, choice }: Route): string {
  const names = `account=${quoted(accountId)}, model=${quoted(modelId)}, profile=${quoted(wireProfile)}`;
  return `${names}, attempt=${attempt}${choice ? choiceMembers(choice) : ''}`;
}

/** Each with a comma in front. */
function choiceMembers({ strategy, atMs, candidates, homeId, waitedMs, skipped, skippedCount }: Choice): string {
  let members = `, strategy=${strategy}, candidates=${candidates}`;
  if (homeId !== undefined) members += `, home=${quoted(homeId)}`;
  if (waitedMs > 0) members += `, waited=${Math.round(waitedMs)}`;
  if (skipped.length === 0) return members;
  const listed = skipped.map(({ accountId, why, untilMs }) => {
    const seconds = untilMs === undefined ? '' : `;for=${Math.max(0, Math.ceil((untilMs - atMs) / 1000))}`;
    return `${quoted(accountId)};why=${why}${seconds}`;
  });
  members += `, passed=(${listed.join(' ')})`;
  return skippedCount > listed.length ? `${members}, more=${skippedCount - listed.length}` : members;
}

const UNSAFE = /[^\x20-\x7e]|["\\;,]/;
const ALL_UNSAFE = new RegExp(UNSAFE, 'g');

function quoted(value: string): string {
  return `"${headerSafe(value)}"`;
}

/** Field paths contain names chosen by the client: only plain characters may become part of a header. */
function headerSafe(text: string): string {
  const start = text.length > 300 ? text.slice(0, 300) : text;
  return UNSAFE.test(start) ? start.replaceAll(ALL_UNSAFE, '_') : start;
}
