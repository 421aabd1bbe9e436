/** Compares a capsule with its replay. */
import type { Capsule, Header } from '../../capsules/format.ts';
import { replaceBody, replaceReply } from '../../capsules/redact/bodies.ts';
import { replaceHeaders } from '../../capsules/redact/headers.ts';
import { comparing, comparingWithText, type Replacements } from '../../capsules/redact/replacements.ts';

export interface Difference {
  /** `upstream request 1, body` */
  readonly where: string;
  /** In characters, in the form that is compared. */
  readonly at: number;
  readonly recorded: string;
  readonly replayed: string;
}

interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body: string | null;
}

/** What one side exchanged. */
export interface Transcript {
  readonly request: string | null;
  readonly upstream: readonly SentRequest[];
  readonly status: number;
  readonly reply: string;
}

export function transcriptOf({ request, upstream, reply }: Capsule): Transcript {
  const sent = upstream.map((exchange) => exchange.request);
  return { request: request.body, upstream: sent, status: reply.status, reply: reply.body };
}

/**
 * Byte for byte, with three exceptions. Ids may differ, because the gateway makes some again, but not where the same id
 * stands again. Where the capsule has filler, both sides get it: the replay has the gateway's own words. And the time at
 * which a response was complete is left out. `isPrefix`: the client left, so the recorded reply may stop before the replayed one.
 */
export function compare(
  recorded: Transcript,
  replayed: Transcript,
  text: Capsule['text'],
  isPrefix: boolean,
): readonly Difference[] {
  const create = text === 'kept' ? comparingWithText : comparing;
  const [one, other] = [piecesOf(recorded, create()), piecesOf(replayed, create())];
  const differences: Difference[] = [];
  for (const where of new Set([...one.keys(), ...other.keys()])) {
    const [before, now] = [one.get(where) ?? '', other.get(where) ?? ''];
    if (before === now || (isPrefix && where === 'reply' && now.startsWith(before))) continue;
    differences.push({ where, ...firstDifference(before, now) });
  }
  return differences;
}

/** In one order, so that names are numbered alike. */
function piecesOf({ request, upstream, status, reply }: Transcript, to: Replacements): ReadonlyMap<string, string> {
  const pieces = new Map([['client request', request === null ? '' : replaceBody(request, to)]]);
  for (const [index, { method, url, headers, body }] of upstream.entries()) {
    const name = `upstream request ${index + 1}`;
    pieces.set(`${name}, address`, `${method} ${pathOf(url)}`);
    const sorted = headers.filter(([header]) => !ON_THE_WAY.has(header)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    pieces.set(
      `${name}, headers`,
      replaceHeaders(sorted, to)
        .map((header) => header.join(': '))
        .join('\n'),
    );
    pieces.set(`${name}, body`, body === null ? '' : replaceBody(body, to));
  }
  pieces.set('reply, status', String(status));
  pieces.set('reply', withoutEnd(replaceReply(reply, to)));
  return pieces;
}

/** A replay takes less time: the second in which a response was complete differs. */
function withoutEnd(reply: string): string {
  return reply.replaceAll(/("completed_at": ?)\d+/g, '$1#');
}

/** Added where the request is sent, or by the connection. */
const ON_THE_WAY: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'authorization', 'user-agent', 'x-amz-date'],
  ...['x-amz-content-sha256', 'x-amz-security-token'],
]);

/** Without the host, which is the simulator's, and its name for the service's. */
function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname.replace(/^\/(?:host|region)\/[^/]+/, '') + search;
}

const CONTEXT_CHARS = 60;

function firstDifference(recorded: string, replayed: string): Omit<Difference, 'where'> {
  let at = 0;
  while (at < recorded.length && recorded.charCodeAt(at) === replayed.charCodeAt(at)) at++;
  const part = (text: string) => text.slice(Math.max(0, at - CONTEXT_CHARS), at + CONTEXT_CHARS);
  return { at, recorded: part(recorded), replayed: part(replayed) };
}
