/** Reasoning of earlier turns is sent back only where the service accepts it, and only if the service signed it. */
import type { Conversation } from '../../../core/conversation.ts';
import { effortMember } from '../model-schema.ts';
import { UNSENT_REASONING } from '../wire-events.ts';
import { mapParts, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function reasoningHistory(conversation: Conversation, scope: Scope): Passed {
  const { profile, model, withoutReasoningHistory } = scope;
  const takesNone =
    withoutReasoningHistory ||
    !profile.accepts.reasoningHistory ||
    (model !== undefined && model.reasoningSchema === undefined);
  const schema = model?.reasoningSchema;
  const isGpt = schema !== undefined && effortMember(schema)?.holder === 'reasoning';
  const dropped: string[] = [];
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type !== 'reasoning' && part.type !== 'redacted-reasoning') return part;
    const keep = !takesNone && isSigned(part.type === 'redacted-reasoning' ? part.data : part.signature);
    if (keep)
      return part.type === 'reasoning' && part.text === '' && isGpt ? { ...part, text: UNSENT_REASONING } : part;
    dropped.push(part.at);
    return [];
  });
  const [first] = dropped;
  if (first === undefined) return { conversation: withTurns(conversation, turns), adjustments: [] };
  const rule = takesNone ? 'reasoning-history-dropped' : 'reasoning-unsigned-dropped';
  return {
    conversation: withTurns(conversation, turns),
    adjustments: [note(rule, first, `${dropped.length} reasoning blocks`)],
  };
}

/** The service signs in base64. Text with an unpaired surrogate cannot be sent at all. */
function isSigned(signature: string | undefined): boolean {
  return signature !== undefined && signature !== '' && signature.isWellFormed();
}
