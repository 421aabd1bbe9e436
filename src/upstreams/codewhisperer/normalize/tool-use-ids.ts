/**
 * Tool use ids may come from another provider (`functions.read:0`). An id that the service would refuse is replaced by an
 * alias derived from the id alone, so that use and result still match in every turn.
 */
import { createHash } from 'node:crypto';
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { mapParts, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function toolUseIds(conversation: Conversation, { profile }: Scope): Passed {
  const { toolUseIdPattern: pattern, toolUseIdChars: maxLength } = profile.limits;
  const adjustments: Adjustment[] = [];
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type !== 'tool-use' && part.type !== 'tool-result') return part;
    if (part.toolUseId.length <= maxLength && pattern.test(part.toolUseId)) return part;
    const toolUseId = aliasOf(part.toolUseId, maxLength);
    adjustments.push(note('tool-use-id-alias', part.at, undefined, toolUseId));
    return { ...part, toolUseId };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

function aliasOf(id: string, maxLength: number): string {
  const suffix = createHash('sha256').update(id).digest('hex').slice(0, 12);
  const readable = id.replaceAll(/[^a-zA-Z0-9_-]+/g, '_').slice(0, maxLength - suffix.length - 1);
  return `${readable || 'tooluse'}_${suffix}`;
}
