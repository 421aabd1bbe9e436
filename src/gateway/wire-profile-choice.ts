/**
 * Chooses the wire profile of each account: the first in the order of its credential kind. If the service refuses that
 * one, the others are tried in turn, and the one that works is remembered for a day.
 */
import type { ErrorCode } from '../core/errors.ts';
import { oneLine } from '../core/labels.ts';
import type { LearnedWireProfile, WireProfileRefusal } from '../core/learned-facts.ts';

/** How long a profile other than the first is used before the usual order is tried again. */
const REMEMBER_MS = 24 * 60 * 60_000;
/** Pause after all profiles were refused, because the profile is then probably not the reason. */
const PAUSE_MS = 10 * 60_000;
const MAX_MESSAGE_CHARS = 300;

type Order = readonly [string, ...string[]];

export interface WireProfileUser {
  readonly id: string;
  readonly kind: string;
  /** The profile stored by an earlier run or another process. */
  readonly stored?: LearnedWireProfile | undefined;
}

interface Use {
  readonly order: Order;
  current: string;
  /** Refused since the last success. */
  readonly refused: Set<string>;
  /** The last refusal of each profile that has not worked since. */
  readonly refusals: Map<string, WireProfileRefusal>;
  /** Undefined while the first of the order is in use. */
  untilMs: number | undefined;
  pausedUntilMs: number;
  /** The store has `current`. When it no longer does, the account was reset. */
  isStored: boolean;
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
    if (user.stored?.id === use.current) use.isStored = true;
    else if (use.isStored && !user.stored) {
      this.#uses.delete(user.id);
      return use.order[0];
    }
    if (use.untilMs !== undefined && use.untilMs <= this.#now()) {
      use.current = use.order[0];
      use.untilMs = undefined;
      use.isStored = false;
      use.refused.clear();
    }
    return use.current;
  }

  /** Until when the profile in use stands in for the first of the order; undefined: the first is in use. */
  untilMs(user: WireProfileUser): number | undefined {
    this.current(user);
    return this.#uses.get(user.id)?.untilMs;
  }

  /**
   * Moves on from the profile `refused`, and returns the id of the one to use from now on, or undefined if none is left
   * to try. Concurrent requests move the account only once.
   */
  moveOn(
    user: Omit<WireProfileUser, 'stored'>,
    refused: string,
    error: { readonly code: ErrorCode; readonly message: string },
  ): string | undefined {
    const use = this.#useOf(user);
    if (use.current !== refused) return use.current;
    if (use.pausedUntilMs > this.#now()) return undefined;
    use.refused.add(refused);
    const message = oneLine(error.message, MAX_MESSAGE_CHARS) ?? '';
    use.refusals.set(refused, { id: refused, code: error.code, message, atMs: this.#now() });
    const next = use.order.find((id) => !use.refused.has(id));
    use.current = next ?? use.order[0];
    use.untilMs = next === undefined ? undefined : this.#now() + REMEMBER_MS;
    use.isStored = false;
    if (next !== undefined) return next;
    use.refused.clear();
    use.pausedUntilMs = this.#now() + PAUSE_MS;
    return undefined;
  }

  /** Returns what to store of a profile that has just worked after others were refused; undefined for any other. */
  worked({ id }: Pick<WireProfileUser, 'id'>, profile: string): LearnedWireProfile | undefined {
    const use = this.#uses.get(id);
    if (!use || use.current !== profile || use.refused.size === 0) return undefined;
    const sinceMs = this.#now();
    use.refused.clear();
    use.refusals.delete(profile);
    use.untilMs = sinceMs + REMEMBER_MS;
    return { id: profile, untilMs: use.untilMs, sinceMs, refused: [...use.refusals.values()] };
  }

  /** What this process knows of the account. Other processes notice that the stored profile is gone. */
  forget(id: string): void {
    this.#uses.delete(id);
  }

  #recall({ id, kind, stored }: WireProfileUser): Use | undefined {
    const order = this.#orderFor(kind);
    if (!stored || stored.untilMs <= this.#now() || !order.includes(stored.id)) return undefined;
    const use = this.#add(id, order, stored.id);
    use.untilMs = Math.min(stored.untilMs, this.#now() + REMEMBER_MS);
    use.isStored = true;
    for (const refusal of stored.refused ?? []) use.refusals.set(refusal.id, refusal);
    return use;
  }

  #useOf({ id, kind }: Omit<WireProfileUser, 'stored'>): Use {
    const order = this.#orderFor(kind);
    return this.#uses.get(id) ?? this.#add(id, order, order[0]);
  }

  #add(id: string, order: Order, current: string): Use {
    const use: Use = {
      order,
      current,
      refused: new Set(),
      refusals: new Map(),
      untilMs: undefined,
      pausedUntilMs: 0,
      isStored: false,
    };
    this.#uses.set(id, use);
    return use;
  }
}
