/** What the gateway did with a request, as response headers: repairs and the way it took. */
import type { Adjustment } from '../core/adjustments.ts';
import type { Route } from '../gateway/ports.ts';

/** Many clients stop reading at 16 KiB of headers altogether. */
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

/** `account="…", model="…", profile="q-rest", attempt=1`: a dictionary of RFC 8941. */
export function routeHeader({ accountId, modelId, wireProfile, attempt }: Route): string {
  const named = Object.entries({ account: accountId, model: modelId, profile: wireProfile });
  return [...named.map(([name, value]) => `${name}="${headerSafe(value)}"`), `attempt=${attempt}`].join(', ');
}

/** Field paths hold names which the client chose: only plain characters may become part of a header. */
function headerSafe(text: string): string {
  return text.slice(0, 300).replaceAll(/[^\x20-\x7e]|["\\;,]/g, '_');
}
