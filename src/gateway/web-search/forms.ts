/** Which form of the search's request works, for each account and wire profile. */

/** The service may have been in trouble, or the account may get what it lacked. */
const REFUSED_MS = 10 * 60_000;

interface Known {
  form: number;
  refusedUntilMs: number;
}

export class SearchForms {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** All of `count` forms, the one that worked last first. */
  order(accountId: string, wireProfile: string, count: number): readonly number[] {
    const first = this.#of(accountId, wireProfile).form;
    return Array.from({ length: count }, (_, index) => (first + index) % count);
  }

  /** True if every form was refused within the last ten minutes. */
  isRefused(accountId: string, wireProfile: string): boolean {
    return this.#of(accountId, wireProfile).refusedUntilMs > this.#now();
  }

  worked(accountId: string, wireProfile: string, form: number): void {
    const known = this.#of(accountId, wireProfile);
    known.form = form;
    known.refusedUntilMs = 0;
  }

  refused(accountId: string, wireProfile: string): void {
    this.#of(accountId, wireProfile).refusedUntilMs = this.#now() + REFUSED_MS;
  }

  #of(accountId: string, wireProfile: string): Known {
    const key = `${accountId} ${wireProfile}`;
    let known = this.#known.get(key);
    if (!known) {
      known = { form: 0, refusedUntilMs: 0 };
      this.#known.set(key, known);
    }
    return known;
  }
}
