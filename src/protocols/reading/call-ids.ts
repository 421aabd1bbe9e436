/**
 * Pairs calls with their results. A client of the legacy functions sends no ids at all, and others lose some: a result
 * without an id belongs to the oldest unanswered call of its name, or to the oldest of all if it has no name either.
 * A result whose id no call has belongs to the oldest call that came without an id.
 */
export class CallIds {
  readonly #known = new Set<string>();
  /** Unanswered calls, oldest first: id to name. */
  readonly #open = new Map<string, string>();
  /** The same by name. */
  readonly #openByName = new Map<string, Set<string>>();
  /** Unanswered calls whose id is our own: only these can answer to an id unknown to us. */
  readonly #invented = new Set<string>();

  readonly #aliases = new Map<string, string>();

  /** The id of a call; one derived from its path if it has none, so that it is the same in every later turn. */
  ofCall(id: unknown, name: string, at: string): string {
    const given = typeof id === 'string' && id !== '' ? id : undefined;
    const ownId = given ?? idOfPath(at);
    if (given === undefined) this.#invented.add(ownId);
    this.#known.add(ownId);
    this.#open.set(ownId, name);
    const alike = this.#openByName.get(name);
    if (alike) alike.add(ownId);
    else this.#openByName.set(name, new Set([ownId]));
    return ownId;
  }

  /** The result of the call may name it by `alias`. */
  alsoKnownAs(alias: string, id: string): void {
    this.#aliases.set(alias, id);
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  ofResult(id: unknown, name: unknown, at: string): string {
    const named = typeof id === 'string' && id !== '' ? id : undefined;
    const given = named === undefined ? undefined : (this.#aliases.get(named) ?? named);
    const isPaired = given !== undefined && (this.#known.has(given) || this.#invented.size === 0);
    const callId = isPaired ? given : (this.#oldest(name, given !== undefined) ?? given ?? `${idOfPath(at)}_orphan`);
    this.#close(callId);
    return callId;
  }

  #oldest(name: unknown, onlyInvented: boolean): string | undefined {
    if (onlyInvented) return first(this.#invented);
    if (typeof name === 'string' && name !== '') return first(this.#openByName.get(name) ?? []);
    return first(this.#open.keys());
  }

  #close(id: string): void {
    const name = this.#open.get(id);
    if (name === undefined) return;
    this.#open.delete(id);
    this.#invented.delete(id);
    this.#openByName.get(name)?.delete(id);
  }
}

function first(ids: Iterable<string>): string | undefined {
  const [id] = ids;
  return id;
}

function idOfPath(at: string): string {
  return `call_${at.replaceAll(/\W+/g, '_')}`;
}
