/**
 * Every tool use of an assistant turn needs exactly one result in the next user turn, in the same order, and that turn
 * may have no other results. Expects alternating turns that end with the user's.
 *
 * Several results of one call are joined into one, in order. A result without its use becomes text in its place; it is
 * never moved to another turn, because that would change history already sent.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, ToolResultPart, ToolUsePart, Turn } from '../../../core/conversation.ts';
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
  const usedIds = new Set<string>();
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
function uniqueIds(
  turn: Turn,
  usedIds: Set<string>,
  maxLength: number,
  calls: Call[],
  adjustments: Adjustment[],
): Turn {
  const [renamed = turn] = mapParts([turn], (part) => {
    if (part.type !== 'tool-use') return part;
    const toolUseId = freeId(part.toolUseId, usedIds, maxLength);
    usedIds.add(toolUseId);
    const use = toolUseId === part.toolUseId ? part : { ...part, toolUseId };
    if (use !== part) adjustments.push(note('tool-use-id-repeated', part.at, part.toolUseId, toolUseId));
    calls.push({ clientId: part.toolUseId, use });
    return use;
  });
  return renamed;
}

function freeId(id: string, usedIds: ReadonlySet<string>, maxLength: number): string {
  let candidate = id;
  for (let count = 2; usedIds.has(candidate); count += 1) {
    const suffix = `_${count}`;
    candidate = id.slice(0, maxLength - suffix.length) + suffix;
  }
  return candidate;
}

function answer(turn: Turn, calls: readonly Call[], adjustments: Adjustment[]): Turn {
  const hasResults = turn.parts.some((part) => part.type === 'tool-result');
  if (calls.length === 0 && !hasResults) return turn;
  const callsById = Map.groupBy(calls, ({ clientId }) => clientId);
  const results = new Map<Call, ToolResultPart>();
  const rest: Part[] = [];
  for (const part of turn.parts) {
    if (part.type !== 'tool-result') {
      rest.push(part);
      continue;
    }
    const candidates = callsById.get(part.toolUseId) ?? [];
    const call = candidates.find((candidate) => !results.has(candidate)) ?? candidates.at(-1);
    const earlier = call && results.get(call);
    if (!call) rest.push(...orphan(part, adjustments));
    else results.set(call, earlier ? joined(earlier, part, adjustments) : part);
  }
  const answers = calls.map((call) => {
    const result = results.get(call) ?? unanswered(call.use, turn, adjustments);
    return result.toolUseId === call.use.toolUseId ? result : { ...result, toolUseId: call.use.toolUseId };
  });
  const arrived = [...results.values()];
  const ordered = calls.flatMap((call) => results.get(call) ?? []);
  if (ordered.some((result, index) => result !== arrived[index]))
    adjustments.push(note('tool-result-reordered', turn.at));
  const parts = [...answers, ...rest];
  const same = parts.length === turn.parts.length && parts.every((part, index) => part === turn.parts[index]);
  return same ? turn : { ...turn, parts };
}

function joined(first: ToolResultPart, second: ToolResultPart, adjustments: Adjustment[]): ToolResultPart {
  adjustments.push(note('tool-results-joined', second.at, second.toolUseId));
  const isMarked = first.cachePoint || second.cachePoint;
  return {
    ...first,
    content: [...first.content, ...second.content],
    isError: first.isError || second.isError,
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
