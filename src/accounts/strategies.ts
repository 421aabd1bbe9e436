/**
 * How one account is chosen among those which could serve at once. Plain functions: rests, quotas, priorities, models
 * and limits have been looked at before; what is asked here is whose turn it is.
 */
export interface Candidate {
  readonly id: string;
  /** Hash of the id, made once. */
  readonly idHash: number;
  readonly weight: number;
  /** Requests it serves now. */
  readonly inFlight: number;
  /** Share of the plan, from 0 to 1; undefined: nobody knows. */
  readonly quotaLeft: number | undefined;
  /** Requests so far, divided by the weight; kept level with the others while an account cannot serve. */
  readonly turn: number;
}

export interface SelectionRequest {
  readonly conversationId: string;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** At least one candidate, in the order of signing in: having none is the pool's error, not each strategy's. */
type Strategy = <C extends Candidate>(candidates: readonly [C, ...C[]], asked: SelectionRequest) => C;

export type StrategyName = 'sticky' | 'least-used' | 'round-robin' | 'fill-first' | 'random';

export const STRATEGIES: Record<StrategyName, Strategy> = {
  /**
   * The same account for the same conversation, so that the upstream's prompt cache can help. Weighted rendezvous
   * hashing: all replicas agree without talking, and only the conversations of an account which leaves move.
   */
  sticky: (candidates, { conversationId }) => {
    if (candidates.length === 1) return candidates[0];
    const conversation = hash(conversationId);
    return best(candidates, ({ idHash, weight }) => weight / -Math.log(toUnit(mix(conversation, idHash))));
  },

  /** Most of its plan left, by whole per cents; then the least busy; then whose turn it is. Unknown is average. */
  'least-used': (candidates) => {
    const known = candidates.flatMap(({ quotaLeft }) => (quotaLeft === undefined ? [] : [quotaLeft]));
    const average = known.length === 0 ? 1 : known.reduce((sum, left) => sum + left, 0) / known.length;
    const fullest = highest(candidates, ({ quotaLeft = average }) => Math.floor(quotaLeft * 100));
    const idlest = highest(fullest, ({ inFlight, weight }) => -inFlight / weight);
    return best(idlest, ({ turn }) => -turn);
  },

  'round-robin': (candidates) => best(candidates, ({ turn }) => -turn),

  /** The first one which can serve: the next one's plan is not touched before. */
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

/** Of equals the first. */
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

/** Two hashes as one, mixed so that ids which differ in one character end far apart. */
function mix(one: number, other: number): number {
  let value = Math.imul(one, 0x9e3779b1) ^ other;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 15)) >>> 0;
}

/** Between 0 and 1, neither of them. */
function toUnit(value: number): number {
  return (value + 0.5) / 2 ** 32;
}
