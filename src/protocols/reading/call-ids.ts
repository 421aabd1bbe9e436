/**
 * Pairs calls with their results. Clients of the legacy functions send no ids, and others lose some. A result without
 * an id belongs to the oldest unanswered call of its name, or to the oldest of all if it has no name. A result with an
 * unknown id belongs to the oldest call without an id.
 */
export class CallIds {
  readonly #known = new Set<string>();
  /** Unanswered calls, oldest first: id to name. */
  readonly #open = new Map<string, string>();
  /** Unanswered calls by name. */
  readonly #openByName = new Map<string, Set<string>>();
  /** Unanswered calls with a generated id: only these can belong to a result with an unknown id. */
  readonly #generated = new Set<string>();

  readonly #aliases = new Map<string, string>();

  /** The id of a call. A missing id is derived from the path, so that it is the same in every later turn. */
  ofCall(id: unknown, name: string, at: string): string {
    const clientId = typeof id === 'string' && id !== '' ? id : undefined;
    const ownId = clientId ?? idOfPath(at);
    if (clientId === undefined) this.#generated.add(ownId);
    this.#known.add(ownId);
    this.#open.set(ownId, name);
    const alike = this.#openByName.get(name);
    if (alike) alike.add(ownId);
    else this.#openByName.set(name, new Set([ownId]));
    return ownId;
  }

  /** The result may refer to the call by `alias`. */
  alsoKnownAs(alias: string, id: string): void {
    this.#aliases.set(alias, id);
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  ofResult(id: unknown, name: unknown, at: string): string {
    const named = typeof id === 'string' && id !== '' ? id : undefined;
    const given = named === undefined ? undefined : (this.#aliases.get(named) ?? named);
    const isPaired = given !== undefined && (this.#known.has(given) || this.#generated.size === 0);
    const callId = isPaired ? given : (this.#oldest(name, given !== undefined) ?? given ?? `${idOfPath(at)}_orphan`);
    this.#close(callId);
    return callId;
  }

  #oldest(name: unknown, onlyInvented: boolean): string | undefined {
    if (onlyInvented) return first(this.#generated);
    if (typeof name === 'string' && name !== '') return first(this.#openByName.get(name) ?? []);
    return first(this.#open.keys());
  }

  #close(id: string): void {
    const name = this.#open.get(id);
    if (name === undefined) return;
    this.#open.delete(id);
    this.#generated.delete(id);
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
