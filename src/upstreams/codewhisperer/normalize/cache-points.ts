/** Prompt cache marks are sent where model and wire profile accept them, up to the limit per request. */
import type { Conversation, Part, SystemPart, Turn } from '../../../core/conversation.ts';
import { mapParts, mapShared, type Passed, type Scope } from './pass.ts';
import { note } from './rules.ts';

export function cachePoints(conversation: Conversation, { profile, model }: Scope): Passed {
  const { system, turns, tools } = conversation;
  const markedTools = tools.filter((tool) => tool.cachePoint);
  const markedTurns = turns.filter(isMarked);
  const systemMark = system.find((part) => part.cachePoint);
  const allowed = profile.accepts.cachePoints && model?.promptCaching === true;
  const limit = Math.min(profile.limits.cachePointsPerRequest, model?.maxCachePoints ?? Number.POSITIVE_INFINITY);
  const room = allowed ? limit - (systemMark ? 1 : 0) : 0;
  const removedTurns = new Set(markedTurns.slice(0, Math.max(0, markedTurns.length - room)));
  const dropsTools = markedTools.length > 0 && !(allowed && profile.accepts.cachePointsInTools);
  const dropsSystem = systemMark !== undefined && !allowed;
  const first =
    (dropsSystem ? systemMark : undefined) ?? (dropsTools ? markedTools[0] : undefined) ?? [...removedTurns][0];
  if (!first) return { conversation, adjustments: [] };
  return {
    conversation: {
      ...conversation,
      system: dropsSystem ? mapShared(system, (part): SystemPart => ({ ...part, cachePoint: false })) : system,
      turns: mapParts(turns, (part, turn) => (removedTurns.has(turn) ? unmarked(part) : part)),
      tools: dropsTools ? mapShared(tools, unmarked) : tools,
    },
    adjustments: [note('cache-point-ignored', first.at)],
  };
}

function isMarked(turn: Turn): boolean {
  return turn.parts.some((part) => 'cachePoint' in part && part.cachePoint);
}

function unmarked<T extends Part | Conversation['tools'][number]>(marked: T): T {
  if (!('cachePoint' in marked) || !marked.cachePoint) return marked;
  return { ...marked, cachePoint: false };
}
