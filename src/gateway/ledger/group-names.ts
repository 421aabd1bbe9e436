/**
 * Bounds the number of different groups that the ledger sums by. Clients choose the names of models and of their own
 * program, so beyond the limits these become `other` in the sums; the rows keep them.
 */
import { clientProgramOf } from '../../core/client-program.ts';
import type { LedgerGroup } from './ledger-store.ts';

/** Far more than a gateway has in use: a few keys, accounts, models and clients make some hundred combinations. */
export const MAX_GROUPS = 20_000;
/** Of models, and of programs: a chart of a month by the name of the model has at most this many values a day. */
const MAX_NAMES = 200;
const MAX_NAME = 100;
const OTHER = 'other';

export interface GroupLimits {
  readonly groups: number;
  readonly names: number;
}

export class GroupNames {
  /** By their keys; bounded by the limits. */
  readonly #known = new Map<string, LedgerGroup>();
  readonly #models = new Set<string>();
  readonly #clients = new Set<string>();
  readonly #limits: GroupLimits;
  /** Of the last look-up: most rows share their group with the one before. */
  #last: LedgerGroup | undefined;
  #lastBounded: LedgerGroup | undefined;

  constructor(limits: GroupLimits = { groups: MAX_GROUPS, names: MAX_NAMES }) {
    this.#limits = limits;
  }

  /** Takes over those that are stored, which count too: otherwise each start could add as many. */
  learn(stored: Iterable<LedgerGroup>): void {
    for (const group of stored) this.bounded(group);
  }

  /** The same object for equal groups, unless they are beyond the limits. */
  bounded(group: LedgerGroup): LedgerGroup {
    if (this.#lastBounded && group === this.#last) return this.#lastBounded;
    this.#last = group;
    this.#lastBounded = this.#find(group);
    return this.#lastBounded;
  }

  #find(group: LedgerGroup): LedgerGroup {
    const known = this.#known.get(groupKey(group));
    if (known) return known;
    const model = group.model === null ? null : this.#nameOf(this.#models, group.model);
    const client = this.#nameOf(this.#clients, group.client);
    const named = model === group.model && client === group.client ? group : { ...group, model, client };
    const key = groupKey(named);
    const knownNamed = this.#known.get(key);
    if (knownNamed) return knownNamed;
    if (this.#known.size >= this.#limits.groups)
      return { ...named, model: model === null ? null : OTHER, client: OTHER };
    this.#known.set(key, named);
    return named;
  }

  #nameOf(names: Set<string>, name: string): string {
    if (!names.has(name)) {
      if (names.size >= this.#limits.names) return OTHER;
      names.add(name);
    }
    return name;
  }
}

/** The same for equal groups, and only for those. */
export function groupKey(group: LedgerGroup): string {
  const { key, account, model, answeredModel, protocol, client, route, kind, outcome, code } = group;
  return `${key}\n${account}\n${model}\n${answeredModel}\n${protocol}\n${client}\n${route}\n${kind}\n${outcome}\n${code}`;
}

export function isSameGroup(a: LedgerGroup, b: LedgerGroup): boolean {
  return (
    a.key === b.key &&
    a.account === b.account &&
    a.model === b.model &&
    a.answeredModel === b.answeredModel &&
    a.protocol === b.protocol &&
    a.client === b.client &&
    a.route === b.route &&
    a.kind === b.kind &&
    a.outcome === b.outcome &&
    a.code === b.code
  );
}

/** One line, bounded. */
export function groupName(name: string): string {
  return name.slice(0, MAX_NAME).replaceAll(/\p{Cc}/gu, ' ');
}

/** The newest user agents, so that each is read once. */
const programs = new Map<string, ReturnType<typeof clientProgramOf>>();
const MAX_PROGRAMS = 1_000;
const MAX_USER_AGENT = 500;

export function programOf(userAgent: string | undefined): ReturnType<typeof clientProgramOf> {
  if (userAgent === undefined || userAgent.length > MAX_USER_AGENT) return clientProgramOf(userAgent);
  let program = programs.get(userAgent);
  if (!program) {
    program = clientProgramOf(userAgent);
    if (programs.size >= MAX_PROGRAMS) programs.clear();
    programs.set(userAgent, program);
  }
  return program;
}
