/**
 * Finds the part of a request that the service refuses, by asking it about requests of which parts are replaced by
 * neutral ones. Bisection over all parts at once: a request with 40 tools and 60 turns has a few hundred, so nine calls
 * find the part, one before shows that the request is refused, and one after shows whether the part alone is.
 */
import type { Conversation } from '../../../core/conversation.ts';
import { type Granularity, neutralize, partsOf, type RequestPart } from './neutralize.ts';

/** Rejects with the error of a failure that says nothing about the request's form. */
export type IsRefused = (conversation: Conversation) => Promise<boolean>;

interface RequestSize {
  readonly tools: number;
  readonly messages: number;
}

export type SearchResult =
  | { readonly type: 'accepted' }
  /** The service refuses even the neutral request: the reason is not in what the client sent. */
  | { readonly type: 'not-in-the-request' }
  | { readonly type: 'part'; readonly part: RequestPart; readonly parts: number }
  /** No single part is refused by itself. `refused` and `accepted`: neighbouring sizes. */
  | {
      readonly type: 'sum';
      readonly part: RequestPart;
      readonly parts: number;
      readonly refused: RequestSize;
      readonly accepted: RequestSize;
    };

/** With this many, nine calls find one. */
const MAX_PARTS = 512;

export async function findCulprit(conversation: Conversation, isRefused: IsRefused): Promise<SearchResult> {
  if (!(await isRefused(conversation))) return { type: 'accepted' };
  const granularity = granularityFor(conversation);
  const parts = partsOf(conversation, granularity);
  const without = (isNeutral: (index: number) => boolean): Conversation => {
    let index = 0;
    return neutralize(conversation, granularity, () => isNeutral(index++));
  };
  // Without the first `least` parts it is refused, without the first `most` it is not.
  let least = 0;
  let most = parts.length;
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (await isRefused(without((index) => index < middle))) least = middle;
    else most = middle;
  }
  const part = parts[most - 1];
  if (!part) return { type: 'not-in-the-request' };
  const isKept = (index: number) => index === most - 1 || isAround(parts[index], part);
  if (await isRefused(without((index) => !isKept(index)))) {
    const isLast = most === parts.length;
    // Nothing without the last part has been accepted yet.
    if (isLast && (await isRefused(without(() => true)))) return { type: 'not-in-the-request' };
    return { type: 'part', part, parts: parts.length };
  }
  const sizeWithout = (count: number) => sizeOf(without((index) => index < count));
  return { type: 'sum', part, parts: parts.length, refused: sizeWithout(least), accepted: sizeWithout(most) };
}

/** A part of a schema is nothing without the properties around it. */
function isAround(outer: RequestPart | undefined, { kind, path }: RequestPart): boolean {
  return kind === 'tool-schema' && outer?.kind === kind && path.startsWith(`${outer.path}.`);
}

function granularityFor(conversation: Conversation): Granularity {
  const wholeSchemas = partsOf(conversation, { wholeSchemas: false }).length > MAX_PARTS;
  return { wholeSchemas };
}

function sizeOf({ tools, turns }: Conversation): RequestSize {
  return { tools: tools.length, messages: turns.length };
}
