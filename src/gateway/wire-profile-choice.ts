/**
 * Chooses the wire profile of each account: the first in the order of its credential kind. If the service refuses that
 * one, the others are tried in turn, and the one that works is remembered.
 */

/** How long a profile other than the first is used before the usual order is tried again. */
const REMEMBER_MS = 6 * 60 * 60_000;
/** Pause after all profiles were refused, because the profile is then probably not the reason. */
const PAUSE_MS = 10 * 60_000;

type Order = readonly [string, ...string[]];

export interface WireProfileUser {
  readonly id: string;
  readonly kind: string;
  /** The profile stored by an earlier run. */
  readonly stored?: { readonly id: string; readonly untilMs: number } | undefined;
}

interface Use {
  readonly order: Order;
  current: string;
  /** Refused since the last success. */
  readonly refused: Set<string>;
  /** Undefined while the first of the order is in use. */
  untilMs: number | undefined;
  pausedUntilMs: number;
}

export class WireProfileChoice {
  readonly #orderFor: (kind: string) => Order;
  readonly #now: () => number;
  readonly #uses = new Map<string, Use>();

  constructor(orderFor: (kind: string) => Order, now: () => number) {
    this.#orderFor = orderFor;
    this.#now = now;
  }

  /** Id of the profile in use. */
  current(user: WireProfileUser): string {
    const use = this.#uses.get(user.id) ?? this.#recall(user);
    if (!use) return this.#orderFor(user.kind)[0];
    if (use.untilMs !== undefined && use.untilMs <= this.#now()) {
      use.current = use.order[0];
      use.untilMs = undefined;
      use.refused.clear();
    }
    return use.current;
  }

  /**
   * Moves on from the profile `refused`, and returns the id of the one to use from now on, or undefined if none is left
   * to try. Concurrent requests move the account only once.
   */
  moveOn(user: Omit<WireProfileUser, 'stored'>, refused: string): string | undefined {
    const use = this.#useOf(user);
    if (use.current !== refused) return use.current;
    if (use.pausedUntilMs > this.#now()) return undefined;
    use.refused.add(refused);
    const next = use.order.find((id) => !use.refused.has(id));
    use.current = next ?? use.order[0];
    use.untilMs = next === undefined ? undefined : this.#now() + REMEMBER_MS;
    if (next !== undefined) return next;
    use.refused.clear();
    use.pausedUntilMs = this.#now() + PAUSE_MS;
    return undefined;
  }

  /** Returns until when to use a profile that has just worked after others were refused; undefined for any other. */
  worked({ id }: Pick<WireProfileUser, 'id'>, profile: string): number | undefined {
    const use = this.#uses.get(id);
    if (!use || use.current !== profile || use.refused.size === 0) return undefined;
    use.refused.clear();
    use.untilMs = this.#now() + REMEMBER_MS;
    return use.untilMs;
  }

  #recall({ id, kind, stored }: WireProfileUser): Use | undefined {
    const order = this.#orderFor(kind);
    if (!stored || stored.untilMs <= this.#now() || !order.includes(stored.id)) return undefined;
    const untilMs = Math.min(stored.untilMs, this.#now() + REMEMBER_MS);
    const use: Use = { order, current: stored.id, refused: new Set(), untilMs, pausedUntilMs: 0 };
    this.#uses.set(id, use);
    return use;
  }

  #useOf({ id, kind }: Omit<WireProfileUser, 'stored'>): Use {
    const known = this.#uses.get(id);
    if (known) return known;
    const order = this.#orderFor(kind);
    const use: Use = { order, current: order[0], refused: new Set(), untilMs: undefined, pausedUntilMs: 0 };
    this.#uses.set(id, use);
    return use;
  }
}
