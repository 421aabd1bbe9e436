/** How the pool chooses among accounts which are ready. Cooldowns, quotas and expiry are the pool's business. */
interface Candidate {
  readonly id: string;
}

/** At least one candidate: having none is the pool's error, not each strategy's. */
export type Strategy = <C extends Candidate>(ready: readonly [C, ...C[]], conversationId: string) => C;

export const STRATEGIES = {
  /**
   * The same account for the same conversation, so that the upstream's prompt cache can help. Rendezvous hashing: all
   * replicas agree without talking, and only the conversations of an account which leaves move.
   */
  sticky: (ready, conversationId) => {
    let best = ready[0];
    if (ready.length === 1) return best;
    let bestScore = -1;
    for (const candidate of ready) {
      const score = hash(`${conversationId} ${candidate.id}`);
      if (score > bestScore) {
        best = candidate;
        bestScore = score;
      }
    }
    return best;
  },
} as const satisfies Record<string, Strategy>;

/** FNV-1a with a last mixing, so that ids which differ in one character score far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
