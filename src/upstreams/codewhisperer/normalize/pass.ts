/**
 * A normalising pass: a pure, idempotent function that brings a conversation closer to what the service accepts. It
 * loses nothing from a person, a tool or the model, and records every change as an adjustment.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, Turn } from '../../../core/conversation.ts';
import type { Model } from '../../../core/models.ts';
import type { WireProfile } from '../profiles.ts';

export type Pass = (conversation: Conversation, scope: Scope) => Passed;

export interface Scope {
  readonly profile: WireProfile;
  /** The model's catalogue entry; undefined if the catalogue does not list it. */
  readonly model: Model | undefined;
  readonly withoutReasoningHistory: boolean;
}

export interface Passed {
  readonly conversation: Conversation;
  readonly adjustments: readonly Adjustment[];
  /** Wire name → client's name, from the pass that renames tools. */
  readonly toolNames?: ReadonlyMap<string, string>;
}

/** Like `map`, but returns the same array if nothing changed: unchanged history is shared between passes, never copied. */
export function mapShared<T>(items: readonly T[], change: (item: T, index: number) => T): readonly T[] {
  let changed: T[] | undefined;
  // Index loops here and below: every pass takes them over every part, and an iterator makes a pair for each.
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as T; // within its bounds
    const next = change(item, index);
    if (changed) changed.push(next);
    else if (next !== item) changed = [...items.slice(0, index), next];
  }
  return changed ?? items;
}

/** Replaces each part by the part or parts that `change` returns; unchanged turns keep their identity. */
export function mapParts(
  turns: readonly Turn[],
  change: (part: Part, turn: Turn) => Part | readonly Part[],
): readonly Turn[] {
  return mapShared(turns, (turn) => {
    let parts: Part[] | undefined;
    for (let index = 0; index < turn.parts.length; index++) {
      const part = turn.parts[index] as Part; // within its bounds
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
