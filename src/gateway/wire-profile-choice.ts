/**
 * Which wire profile each account uses: the first in the order of its kind. If the service refuses that one, the others
 * are tried in turn, and the one that works is remembered.
 */

/** How long a profile other than the first is kept before the usual order is tried again. */
const KEPT_MS = 6 * 60 * 60_000;
/** Pause after all profiles were refused: the reason is then probably not the profile. */
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

  /** Until when to keep a profile that has just worked after others were refused; undefined for any other. */
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
