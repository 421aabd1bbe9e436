/** Runs the normalising passes in the order in which they depend on each other. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation } from '../../../core/conversation.ts';
import type { Steps } from '../../../core/steps.ts';
import { alternateRoles } from './alternate-roles.ts';
import { attachments } from './attachments.ts';
import { cachePoints } from './cache-points.ts';
import { dedupeAttachments } from './dedupe-attachments.ts';
import { documents } from './documents.ts';
import { emptyTurns } from './empty-turns.ts';
import { failedResults } from './failed-results.ts';
import { images } from './images.ts';
import { leadingSystem } from './leading-system.ts';
import { mergeTurns } from './merge-turns.ts';
import type { Pass, Passed, Scope } from './pass.ts';
import { prefill } from './prefill.ts';
import { reasoningHistory } from './reasoning-history.ts';
import { reasoningSingle } from './reasoning-single.ts';
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
  dedupeAttachments,
  documents,
  toolInputs,
  toolUseIds,
  toolNames,
  failedResults,
  reasoningHistory,
  // Roles: after these, turns alternate and end with the user.
  systemTurns,
  alternateRoles,
  emptyTurns,
  mergeTurns,
  prefill,
  toolPairing,
  toolResults,
  reasoningSingle,
  attachments,
  // Tools. Descriptions before the offer: system text must not change when a client forbids tools for one turn.
  toolDescriptions,
  toolSchemas,
  toolOffer,
  // The start of the request.
  cachePoints,
  leadingSystem,
];

/** One step per pass. */
export function* normalize(conversation: Conversation, scope: Scope): Steps<Required<Passed>> {
  const adjustments: Adjustment[] = [];
  let names: ReadonlyMap<string, string> = new Map();
  let current = conversation;
  for (const pass of PASSES) {
    const result = pass(current, scope);
    current = result.conversation;
    for (const adjustment of result.adjustments) adjustments.push(adjustment);
    names = result.toolNames ?? names;
    yield;
  }
  return { conversation: current, adjustments, toolNames: names };
}
