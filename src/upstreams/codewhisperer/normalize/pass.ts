/**
 * What a normalising pass is: a pure, idempotent function from a conversation to one which is nearer to what the
 * service takes. It loses nothing that a person, a tool or the model said, and notes whatever it changed.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, Turn } from '../../../core/conversation.ts';
import type { Model } from '../../../core/models.ts';
import type { WireProfile } from '../profiles.ts';

export type Pass = (conversation: Conversation, scope: Scope) => Passed;

export interface Scope {
  readonly profile: WireProfile;
  /** The catalogue's entry; undefined for a model it does not list. */
  readonly model: Model | undefined;
  readonly withoutReasoningHistory: boolean;
}

export interface Passed {
  readonly conversation: Conversation;
  readonly adjustments: readonly Adjustment[];
  /** Wire name → client's name, from the one pass that renames tools. */
  readonly toolNames?: ReadonlyMap<string, string>;
}

/** Like `map`, but the same array when nothing changed: untouched history is shared between passes, never copied. */
export function mapShared<T>(items: readonly T[], change: (item: T, index: number) => T): readonly T[] {
  let changed: T[] | undefined;
  for (const [index, item] of items.entries()) {
    const next = change(item, index);
    if (changed) changed.push(next);
    else if (next !== item) changed = [...items.slice(0, index), next];
  }
  return changed ?? items;
}

/** Each part becomes what `change` returns, one part or several; untouched turns keep their identity. */
export function mapParts(
  turns: readonly Turn[],
  change: (part: Part, turn: Turn) => Part | readonly Part[],
): readonly Turn[] {
  return mapShared(turns, (turn) => {
    let parts: Part[] | undefined;
    for (const [index, part] of turn.parts.entries()) {
      const next = change(part, turn);
      if (next === part && !parts) continue;
      parts ??= turn.parts.slice(0, index);
      if (isOnePart(next)) parts.push(next);
      else parts.push(...next);
    }
    return parts ? { ...turn, parts } : turn;
  });
}

function isOnePart(value: Part | readonly Part[]): value is Part {
  return !Array.isArray(value);
}

export function withTurns(conversation: Conversation, turns: readonly Turn[]): Conversation {
  return turns === conversation.turns ? conversation : { ...conversation, turns };
}
