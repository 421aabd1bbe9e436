/** Collects what parsing changed or could not honour. One field ignored in forty places is one note with a count. */
import { type Adjustment, adjustment } from '../core/adjustments.ts';

export class Notes {
  readonly #adjustments: Adjustment[] = [];
  readonly #ignored = new Map<string, { readonly path: string; count: number }>();

  add(rule: string, path: string, before?: string, after?: string): void {
    this.#adjustments.push(adjustment(rule, path, before, after));
  }

  /** Notes every key of `object` outside `known` which holds something. `kind` names what alike objects are. */
  addUnknown(object: object, known: ReadonlySet<string>, kind: string, at: string): void {
    for (const [key, value] of Object.entries(object)) {
      if (!known.has(key) && !isNothing(value)) this.#count(`${kind}.${key}`, at === '' ? key : `${at}.${key}`);
    }
  }

  #count(kind: string, path: string): void {
    const seen = this.#ignored.get(kind);
    if (seen) seen.count += 1;
    else this.#ignored.set(kind, { path, count: 1 });
  }

  get adjustments(): readonly Adjustment[] {
    const ignored = [...this.#ignored.values()].map(({ path, count }) =>
      adjustment('field-ignored', path, count > 1 ? `${count} times` : undefined),
    );
    return [...this.#adjustments, ...ignored];
  }
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
