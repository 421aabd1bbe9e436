/** The passes in the order in which they build on each other, and running them. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation } from '../../../core/conversation.ts';
import type { Steps } from '../../../core/steps.ts';
import { attachments } from './attachments.ts';
import { cachePoints } from './cache-points.ts';
import { documents } from './documents.ts';
import { emptyTurns } from './empty-turns.ts';
import { failedResults } from './failed-results.ts';
import { images } from './images.ts';
import { merge } from './merge.ts';
import { opening } from './opening.ts';
import type { Pass, Passed, Scope } from './pass.ts';
import { prefill } from './prefill.ts';
import { reasoningHistory } from './reasoning-history.ts';
import { reasoningSingle } from './reasoning-single.ts';
import { repeats } from './repeats.ts';
import { sides } from './sides.ts';
import { systemTurns } from './system-turns.ts';
import { toolDescriptions } from './tool-descriptions.ts';
import { toolInputs } from './tool-inputs.ts';
import { toolNames } from './tool-names.ts';
import { toolOffer } from './tool-offer.ts';
import { toolPairing } from './tool-pairing.ts';
import { toolResults } from './tool-results.ts';
import { toolSchemas } from './tool-schemas.ts';
import { toolUseIds } from './tool-use-ids.ts';
import { wellFormedText } from './well-formed-text.ts';

export const PASSES: readonly Pass[] = [
  wellFormedText,
  // Single parts.
  images,
  repeats,
  documents,
  toolInputs,
  toolUseIds,
  toolNames,
  failedResults,
  reasoningHistory,
  // Who says what: after this, turns alternate and end with the user.
  systemTurns,
  sides,
  emptyTurns,
  merge,
  prefill,
  toolPairing,
  toolResults,
  reasoningSingle,
  attachments,
  // Tools. Descriptions before the offer: system text must not change when a client forbids tools for one turn.
  toolDescriptions,
  toolSchemas,
  toolOffer,
  // What stands before everything else.
  cachePoints,
  opening,
];

/** A step for each pass. */
export function* normalize(conversation: Conversation, scope: Scope): Steps<Required<Passed>> {
  const adjustments: Adjustment[] = [];
  let names: ReadonlyMap<string, string> = new Map();
  let current = conversation;
  for (const pass of PASSES) {
    const passed = pass(current, scope);
    current = passed.conversation;
    for (const made of passed.adjustments) adjustments.push(made);
    names = passed.toolNames ?? names;
    yield;
  }
  return { conversation: current, adjustments, toolNames: names };
}
