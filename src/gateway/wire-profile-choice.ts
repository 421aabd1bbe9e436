/**
 * Which wire profile each account uses. The first of its kind's order, until the service refuses the account for reasons
 * that another profile may not have; then the others in turn, and the one that works is remembered.
 */

/** A profile other than the first is kept for so long; then the usual order is tried again. */
const KEPT_MS = 6 * 60 * 60_000;
/** After all of them were refused, none is tried again for so long: the reason is another one. */
const PAUSE_MS = 10 * 60_000;

type Order = readonly [string, ...string[]];

export interface ProfileUser {
  readonly id: string;
  readonly kind: string;
  /** What was kept in an earlier run. */
  readonly kept?: { readonly id: string; readonly untilMs: number } | undefined;
}

interface Use {
  readonly order: Order;
  current: string;
  /** Refused since the last success. */
  readonly refused: Set<string>;
  /** Undefined: the first of the order is in use. */
  keptUntilMs: number | undefined;
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
  current(user: ProfileUser): string {
    const use = this.#uses.get(user.id) ?? this.#recall(user);
    if (!use) return this.#orderFor(user.kind)[0];
    if (use.keptUntilMs !== undefined && use.keptUntilMs <= this.#now()) {
      use.current = use.order[0];
      use.keptUntilMs = undefined;
      use.refused.clear();
    }
    return use.current;
  }

  /**
   * The service refused `refused`: the id of the profile in use from now on, or undefined when there is none left to
   * try. Concurrent requests move the account once.
   */
  moveOn(user: Omit<ProfileUser, 'kept'>, refused: string): string | undefined {
    const use = this.#useOf(user);
    if (use.current !== refused) return use.current;
    if (use.pausedUntilMs > this.#now()) return undefined;
    use.refused.add(refused);
    const next = use.order.find((id) => !use.refused.has(id));
    use.current = next ?? use.order[0];
    use.keptUntilMs = next === undefined ? undefined : this.#now() + KEPT_MS;
    if (next !== undefined) return next;
    use.refused.clear();
    use.pausedUntilMs = this.#now() + PAUSE_MS;
    return undefined;
  }

  /** The date to keep to the profile until, when it has just turned out to work in place of others. */
  worked({ id }: Pick<ProfileUser, 'id'>, profile: string): number | undefined {
    const use = this.#uses.get(id);
    if (!use || use.current !== profile || use.refused.size === 0) return undefined;
    use.refused.clear();
    use.keptUntilMs = this.#now() + KEPT_MS;
    return use.keptUntilMs;
  }

  #recall({ id, kind, kept }: ProfileUser): Use | undefined {
    const order = this.#orderFor(kind);
    if (!kept || kept.untilMs <= this.#now() || !order.includes(kept.id)) return undefined;
    const keptUntilMs = Math.min(kept.untilMs, this.#now() + KEPT_MS);
    const use: Use = { order, current: kept.id, refused: new Set(), keptUntilMs, pausedUntilMs: 0 };
    this.#uses.set(id, use);
    return use;
  }

  #useOf({ id, kind }: Omit<ProfileUser, 'kept'>): Use {
    const known = this.#uses.get(id);
    if (known) return known;
    const order = this.#orderFor(kind);
    const use: Use = { order, current: order[0], refused: new Set(), keptUntilMs: undefined, pausedUntilMs: 0 };
    this.#uses.set(id, use);
    return use;
  }
}
