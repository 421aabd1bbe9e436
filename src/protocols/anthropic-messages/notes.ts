/** Collects what parsing changed or could not honour. The same field ignored in forty tools is one note, not forty. */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';

export class Notes {
  readonly #adjustments: Adjustment[] = [];
  readonly #ignored = new Map<string, { readonly path: string; count: number }>();

  add(rule: string, path: string, before?: string, after?: string): void {
    this.#adjustments.push(adjustment(rule, path, before, after));
  }

  /** Notes each key of `object` which `known` does not list. `kind` names the sort of object, for counting alike ones. */
  addIgnored(object: object, known: ReadonlySet<string>, kind: string, at: string): void {
    for (const key of Object.keys(object)) {
      if (known.has(key) || (Reflect.get(object, key) ?? undefined) === undefined) continue;
      const seen = this.#ignored.get(`${kind}.${key}`);
      if (seen) seen.count += 1;
      else this.#ignored.set(`${kind}.${key}`, { path: at === '' ? key : `${at}.${key}`, count: 1 });
    }
  }

  get adjustments(): readonly Adjustment[] {
    const ignored = [...this.#ignored.values()].map(({ path, count }) =>
      adjustment('field-ignored', path, count > 1 ? `${count} times` : undefined),
    );
    return [...this.#adjustments, ...ignored];
  }
}
