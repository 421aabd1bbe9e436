/** Remembers which form of the search request works for each account and wire profile. */

/** Tried again after this time: the service may have had an outage, or the account may have gained the permission. */
const REFUSED_MS = 10 * 60_000;

interface FormState {
  form: number;
  refusedUntilMs: number;
}

export class SearchForms {
  readonly #now: () => number;
  readonly #states = new Map<string, FormState>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The indices of all `count` forms, starting with the one that worked last. */
  order(accountId: string, wireProfile: string, count: number): readonly number[] {
    const first = this.#stateOf(accountId, wireProfile).form;
    return Array.from({ length: count }, (_, index) => (first + index) % count);
  }

  /** True if every form was refused within the last ten minutes. */
  isRefused(accountId: string, wireProfile: string): boolean {
    return this.#stateOf(accountId, wireProfile).refusedUntilMs > this.#now();
  }

  worked(accountId: string, wireProfile: string, form: number): void {
    const state = this.#stateOf(accountId, wireProfile);
    state.form = form;
    state.refusedUntilMs = 0;
  }

  refused(accountId: string, wireProfile: string): void {
    this.#stateOf(accountId, wireProfile).refusedUntilMs = this.#now() + REFUSED_MS;
  }

  #stateOf(accountId: string, wireProfile: string): FormState {
    const key = `${accountId} ${wireProfile}`;
    let state = this.#states.get(key);
    if (!state) {
      state = { form: 0, refusedUntilMs: 0 };
      this.#states.set(key, state);
    }
    return state;
  }
}
