/**
 * Every tool use of an assistant turn needs exactly one result in the next user turn, in the same order, and that turn
 * may have no other results. Expects alternating turns that end with the user's.
 *
 * Several results of one call are joined into one, in order. A result without its use becomes text in its place; it is
 * never moved to another turn, because that would change history already sent.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, ToolResultPart, ToolUsePart, Turn } from '../../../core/conversation.ts';
import { FreeNames } from './free-names.ts';
import { mapParts, mapShared, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';
import { separateMedia } from './tool-results.ts';

interface Call {
  /** The client's id; `use` may have a new one. */
  readonly clientId: string;
  readonly use: ToolUsePart;
}

export function toolPairing(conversation: Conversation, { profile }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const usedIds = new FreeNames();
  let calls: Call[] = [];
  const turns = mapShared(conversation.turns, (turn) => {
    if (turn.role === 'assistant') {
      calls = [];
      return uniqueIds(turn, usedIds, profile.limits.toolUseIdChars, calls, adjustments);
    }
    const answered = answer(turn, calls, adjustments);
    calls = [];
    return answered;
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

/** Clients that restart numbering in each turn repeat ids; the service requires ids unique in the conversation. */
function uniqueIds(turn: Turn, usedIds: FreeNames, maxLength: number, calls: Call[], adjustments: Adjustment[]): Turn {
  const [renamed = turn] = mapParts([turn], (part) => {
    if (part.type !== 'tool-use') return part;
    const toolUseId = usedIds.take(part.toolUseId, (count) => numberedId(part.toolUseId, count, maxLength));
    const use = toolUseId === part.toolUseId ? part : { ...part, toolUseId };
    if (use !== part) adjustments.push(note('tool-use-id-repeated', part.at, part.toolUseId, toolUseId));
    calls.push({ clientId: part.toolUseId, use });
    return use;
  });
  return renamed;
}

function numberedId(id: string, count: number, maxLength: number): string {
  const suffix = `_${count}`;
  return id.slice(0, maxLength - suffix.length) + suffix;
}

function answer(turn: Turn, calls: readonly Call[], adjustments: Adjustment[]): Turn {
  const hasResults = turn.parts.some((part) => part.type === 'tool-result');
  if (calls.length === 0 && !hasResults) return turn;
  const callsById = Map.groupBy(calls, ({ clientId }) => clientId);
  const results = new Map<Call, ToolResultPart[]>();
  const rest: Part[] = [];
  for (const part of turn.parts) {
    if (part.type !== 'tool-result') {
      rest.push(part);
      continue;
    }
    const candidates = callsById.get(part.toolUseId);
    // Each call of the id in turn, and the last one for what is left.
    const call = candidates && candidates.length > 1 ? candidates.shift() : candidates?.[0];
    if (!call) rest.push(...orphan(part, adjustments));
    else addResult(call, part, results, adjustments);
  }
  const answers = calls.map((call) => {
    const result = joined(results.get(call) ?? [unanswered(call.use, turn, adjustments)]);
    return result.toolUseId === call.use.toolUseId ? result : { ...result, toolUseId: call.use.toolUseId };
  });
  const arrived = [...results.keys()];
  const ordered = calls.filter((call) => results.has(call));
  if (ordered.some((call, index) => call !== arrived[index])) adjustments.push(note('tool-result-reordered', turn.at));
  const parts = [...answers, ...rest];
  const same = parts.length === turn.parts.length && parts.every((part, index) => part === turn.parts[index]);
  return same ? turn : { ...turn, parts };
}

function addResult(
  call: Call,
  part: ToolResultPart,
  results: Map<Call, ToolResultPart[]>,
  adjustments: Adjustment[],
): void {
  const earlier = results.get(call);
  if (!earlier) {
    results.set(call, [part]);
    return;
  }
  adjustments.push(note('tool-results-joined', part.at, part.toolUseId));
  earlier.push(part);
}

function joined(results: readonly ToolResultPart[]): ToolResultPart {
  const [first] = results;
  if (!first) throw new TypeError('a call has at least one result');
  if (results.length === 1) return first;
  const isMarked = results.some(({ cachePoint }) => cachePoint);
  return {
    ...first,
    content: results.flatMap(({ content }) => content),
    isError: results.some(({ isError }) => isError),
    ...(isMarked ? { cachePoint: true } : {}),
  };
}

function orphan(part: ToolResultPart, adjustments: Adjustment[]): readonly Part[] {
  adjustments.push(note('tool-result-orphan', part.at, part.toolUseId));
  const { texts, media } = separateMedia(part, adjustments);
  const words = texts.map(({ text }) => text).join('\n');
  const text = `[Result of the tool call ${part.toolUseId}, which is not part of the turn before]\n${words}`;
  return [{ type: 'text', at: part.at, text, ...(part.cachePoint ? { cachePoint: true } : {}) }, ...media];
}

function unanswered(use: ToolUsePart, turn: Turn, adjustments: Adjustment[]): ToolResultPart {
  adjustments.push(note('tool-use-unanswered', use.at, use.name));
  const text = 'No result was returned for this tool call.';
  return {
    type: 'tool-result',
    at: turn.at,
    toolUseId: use.toolUseId,
    content: [{ type: 'text', at: turn.at, text }],
    isError: true,
  };
}
