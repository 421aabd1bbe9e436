/**
 * Bounds the number of different groups that the ledger sums by. Clients choose the names of models and of their own
 * program, so beyond the limit these become `other` in the sums; the rows keep them.
 */
import { clientProgramOf } from '../../core/client-program.ts';
import type { LedgerGroup } from './ledger-store.ts';

/** Far more than a gateway has in use: a few keys, accounts, models and clients make some hundred combinations. */
const MAX_GROUPS = 20_000;
const MAX_NAME = 100;
const OTHER = 'other';

export class GroupNames {
  /** Bounded by `limit`. */
  readonly #known = new Set<string>();
  readonly #limit: number;

  constructor(limit = MAX_GROUPS) {
    this.#limit = limit;
  }

  bounded(group: LedgerGroup): LedgerGroup {
    const key = groupKey(group);
    if (this.#known.has(key)) return group;
    if (this.#known.size < this.#limit) {
      this.#known.add(key);
      return group;
    }
    return { ...group, model: group.model === null ? null : OTHER, client: OTHER };
  }
}

/** The same for equal groups, and only for those. */
export function groupKey(group: LedgerGroup): string {
  const { key, account, model, answeredModel, protocol, client, route, kind, outcome, code } = group;
  return `${key}\n${account}\n${model}\n${answeredModel}\n${protocol}\n${client}\n${route}\n${kind}\n${outcome}\n${code}`;
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
