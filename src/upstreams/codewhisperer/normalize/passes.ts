/** Runs the normalising passes in the order in which they depend on each other. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Tool } from '../../../core/conversation.ts';
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
import { TRAITS, traitsOf } from './traits.ts';
import { wellFormedText, wellFormedTools } from './well-formed-text.ts';

const { image, document, toolName } = TRAITS;

/** Each with the traits without which it changes and notes nothing. */
const ORDER: readonly (readonly [pass: Pass, traits: number])[] = [
  [wellFormedText, TRAITS.malformedText],
  [wellFormedTools, TRAITS.newSchema],
  // Single parts.
  [images, image],
  [dedupeAttachments, image | document],
  [documents, document],
  [toolInputs, TRAITS.toolInput],
  [toolUseIds, TRAITS.toolUseId],
  [toolNames, toolName],
  [failedResults, TRAITS.failedResult],
  [reasoningHistory, TRAITS.reasoning],
  // Roles: after these, turns alternate and end with the user.
  [systemTurns, TRAITS.systemTurn],
  [alternateRoles, TRAITS.foreignPart],
  [emptyTurns, TRAITS.emptyText],
  [mergeTurns, TRAITS.sameRole],
  [prefill, TRAITS.openEnd],
  [toolPairing, TRAITS.unpaired],
  [toolResults, TRAITS.resultContent],
  [reasoningSingle, TRAITS.reasoning],
  [attachments, image | document],
  // Tools. Descriptions before the offer: system text must not change when a client forbids tools for one turn.
  [toolDescriptions, TRAITS.toolDescription],
  [toolSchemas, TRAITS.tools],
  [toolOffer, toolName | TRAITS.toolChoice],
  // The start of the request.
  [cachePoints, TRAITS.cachePoint],
  [leadingSystem, TRAITS.opening],
];

export const PASSES: readonly Pass[] = ORDER.map(([pass]) => pass);

const ANY_PASS = ORDER.reduce((all, [, traits]) => all | traits, 0);

/**
 * What these change has no trait: a sanitized schema, and a first pair of texts that were looked at in the system text. No
 * later step looks for cache points.
 */
const KEEP_TRAITS: ReadonlySet<Pass> = new Set([toolSchemas, cachePoints, leadingSystem]);

/** These change no text. */
const KEEP_TEXTS: ReadonlySet<Pass> = new Set([mergeTurns]);

export interface Normalized extends Required<Passed> {
  /** Of the conversation before its opening, apart from cache points: see `traitsOf`. */
  readonly traits: number;
}

/** One step per pass that may change the conversation. */
export function* normalize(conversation: Conversation, scope: Scope): Steps<Normalized> {
  let traits = traitsOf(conversation, scope.profile);
  if ((traits & ANY_PASS) === 0) return { conversation, adjustments: [], toolNames: NO_NAMES, traits };
  const adjustments: Adjustment[] = [];
  let names: ReadonlyMap<string, string> | undefined;
  let current = conversation;
  for (let index = 0; index < ORDER.length; index++) {
    const [pass, needed] = ORDER[index] as (typeof ORDER)[number]; // within its bounds
    if ((traits & needed) === 0) continue;
    const result = pass(current, scope);
    for (const adjustment of result.adjustments) adjustments.push(adjustment);
    names = result.toolNames ?? names;
    if (result.conversation !== current) {
      current = result.conversation;
      const isWellFormed = KEEP_TEXTS.has(pass) && (traits & TRAITS.malformedText) === 0;
      if (!KEEP_TRAITS.has(pass)) traits = traitsOf(current, scope.profile, isWellFormed);
    }
    yield;
  }
  return { conversation: current, adjustments, toolNames: names ?? ownNames(conversation), traits };
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

/** Without the pass that renames tools, each has its own name. */
function ownNames({ tools }: Conversation): ReadonlyMap<string, string> {
  if (tools.length === 0) return NO_NAMES;
  const names = new Map<string, string>();
  for (let index = 0; index < tools.length; index++) {
    const { name } = tools[index] as Tool; // within its bounds
    names.set(name, name);
  }
  return names;
}
