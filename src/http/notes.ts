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
  const named = Object.entries({ account: accountId, model: modelId, profile: wireProfile });
  const members = [...named.map(([name, value]) => `${name}=${quoted(value)}`), `attempt=${attempt}`];
  if (choice) members.push(...choiceMembers(choice));
  return members.join(', ');
}

function choiceMembers({ strategy, atMs, candidates, homeId, waitedMs, skipped, skippedCount }: Choice): string[] {
  const members = [`strategy=${strategy}`, `candidates=${candidates}`];
  if (homeId !== undefined) members.push(`home=${quoted(homeId)}`);
  if (waitedMs > 0) members.push(`waited=${Math.round(waitedMs)}`);
  if (skipped.length === 0) return members;
  const listed = skipped.map(({ accountId, why, untilMs }) => {
    const seconds = untilMs === undefined ? '' : `;for=${Math.max(0, Math.ceil((untilMs - atMs) / 1000))}`;
    return `${quoted(accountId)};why=${why}${seconds}`;
  });
  members.push(`passed=(${listed.join(' ')})`);
  if (skippedCount > listed.length) members.push(`more=${skippedCount - listed.length}`);
  return members;
}

function quoted(value: string): string {
  return `"${headerSafe(value)}"`;
}

/** Field paths contain names chosen by the client: only plain characters may become part of a header. */
function headerSafe(text: string): string {
  return text.slice(0, 300).replaceAll(/[^\x20-\x7e]|["\\;,]/g, '_');
}
