/**
 * The strategies that choose one of the accounts that can serve a request now. Cooldowns, quotas, priorities, models and
 * limits have been checked before.
 */
export interface Candidate {
  readonly id: string;
  /** Hash of the id, computed once. */
  readonly idHash: number;
  readonly weight: number;
  /** Requests in progress. */
  readonly inFlight: number;
  /** Remaining share of the plan, from 0 to 1; undefined: unknown. */
  readonly quotaLeft: number | undefined;
  /** Requests so far, divided by the weight; raised to the level of the others after a time without requests. */
  readonly turn: number;
}

export interface SelectionRequest {
  readonly conversationId: string;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Takes at least one candidate, in the order of signing in. The pool reports the error if there is none. */
type Strategy = <C extends Candidate>(candidates: readonly [C, ...C[]], request: SelectionRequest) => C;

export type StrategyName = 'sticky' | 'least-used' | 'round-robin' | 'fill-first' | 'random';

export const STRATEGIES: Record<StrategyName, Strategy> = {
  /**
   * The same account for the same conversation, so that the upstream's prompt cache helps. Weighted rendezvous hashing:
   * all replicas agree without communicating, and only the conversations of a removed account move.
   */
  sticky: (candidates, { conversationId }) => {
    if (candidates.length === 1) return candidates[0];
    const conversation = hash(conversationId);
    return best(candidates, ({ idHash, weight }) => weight / -Math.log(toUnit(mix(conversation, idHash))));
  },

  /** The most of its plan left, in whole per cent; then the least busy; then the next in turn. Unknown counts as average. */
  'least-used': (candidates) => {
    const known = candidates.flatMap(({ quotaLeft }) => (quotaLeft === undefined ? [] : [quotaLeft]));
    const average = known.length === 0 ? 1 : known.reduce((sum, left) => sum + left, 0) / known.length;
    const fullest = highest(candidates, ({ quotaLeft = average }) => Math.floor(quotaLeft * 100));
    const idlest = highest(fullest, ({ inFlight, weight }) => -inFlight / weight);
    return best(idlest, ({ turn }) => -turn);
  },

  'round-robin': (candidates) => best(candidates, ({ turn }) => -turn),

  /** The first one that can serve, so that the plan of the next one is used only afterwards. */
  'fill-first': ([first]) => first,

  random: (candidates, { random }) => {
    let left = random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
    for (const candidate of candidates) {
      left -= candidate.weight;
      if (left < 0) return candidate;
    }
    return candidates[0];
  },
};

/** The candidate with the highest score; of equal ones the first. */
function best<C>([first, ...others]: readonly [C, ...C[]], score: (candidate: C) => number): C {
  let leader = first;
  let highestScore = score(first);
  for (const candidate of others) {
    const scored = score(candidate);
    if (scored <= highestScore) continue;
    leader = candidate;
    highestScore = scored;
  }
  return leader;
}

function highest<C>(candidates: readonly [C, ...C[]], score: (candidate: C) => number): readonly [C, ...C[]] {
  const leader = best(candidates, score);
  return [leader, ...candidates.filter((candidate) => candidate !== leader && score(candidate) === score(leader))];
}

/** FNV-1a. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

/** Combines two hashes so that ids that differ in one character have very different results. */
function mix(one: number, other: number): number {
  let value = Math.imul(one, 0x9e3779b1) ^ other;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 15)) >>> 0;
}

/** Between 0 and 1, both exclusive. */
function toUnit(value: number): number {
  return (value + 0.5) / 2 ** 32;
}
