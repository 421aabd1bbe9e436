/** One account of the pool: its row, its health since the row was read, and its requests in flight. */
import type { Contender, Reason } from './choice.ts';
import type { Health } from './health.ts';
import { type AccountOptions, type LimitShare, shareOf } from './options.ts';
import { Pace } from './pace.ts';
import type { Account } from './ports.ts';
import { hash } from './strategies.ts';

/**
 * Of 728 real replies, 5 lacked closing events, and each of those was broken. This many in a row mean that the service has
 * stopped sending them; treating every reply as cut off would make agents continue forever.
 */
const MOST_MISSED_CLOSING_EVENTS = 3;

/** Why a request did not get this account. */
export interface Skip {
  readonly why: Reason;
  readonly atMs: number;
  /** When the reason no longer applies, if that is known. */
  readonly untilMs: number | undefined;
}

export class PooledAccount implements Contender {
  readonly id: string;
  readonly idHash: number;
  readonly pace = new Pace();
  readonly #share: LimitShare | undefined;
  #account: Account;
  #limits: AccountOptions;
  health: Health;
  /** The health in the store when it was last read; other processes may have changed it since. */
  stored: Health;
  /** True while the store does not have the current `health`. */
  dirty = false;
  /** True while `health` is being written. */
  saving = false;
  /** Set by the operator or a new credential: the state of `health` overrides the stored one. */
  decided = false;
  /** The access token that the upstream refused last: never lent again. */
  refused: string | undefined;
  /** When the linked file of the account was last read because the account was signed out. */
  rereadAtMs = 0;
  turn = 0;
  /** Consecutive replies without closing events, by wire profile. */
  readonly missedClosingEvents = new Map<string, number>();
  /** The last request that went to another account, or to none. */
  lastSkip: Skip | undefined;
  /** As of the last reading of its usage limits. */
  quotaLeft: number | undefined;

  constructor(account: Account, share?: LimitShare) {
    this.#share = share;
    this.#limits = this.#limitsOf(account);
    this.id = account.id;
    this.idHash = hash(account.id);
    this.#account = account;
    this.health = account.health;
    this.stored = account.health;
  }

  get account(): Account {
    return this.#account;
  }

  get options(): AccountOptions {
    return this.#account.options;
  }

  /** The options with this process's share of the limits. */
  get limits(): AccountOptions {
    return this.#limits;
  }

  get weight(): number {
    return this.#account.options.weight;
  }

  get inFlight(): number {
    return this.pace.inFlight;
  }

  /** False: an account of the same id that was added after this one had been removed. */
  isSame({ createdAtMs }: Pick<Account, 'createdAtMs'>): boolean {
    return createdAtMs === this.#account.createdAtMs;
  }

  /** Changes all but the tokens and the health, which have methods of their own. */
  update(changes: Partial<Pick<Account, 'label' | 'options' | 'learned'>>): void {
    this.#account = { ...this.#account, ...changes };
    if (changes.options) this.#limits = this.#limitsOf(this.#account);
  }

  /** Takes the tokens of a row, and what else is versioned, unless newer ones are known: rows can arrive out of order. */
  takeTokens(row: Account): void {
    if (!this.isSame(row) || row.version <= this.#account.version) return;
    const { label, options, learned } = this.#account;
    this.#account = { ...row, label, options, learned };
  }

  /** Takes a row that is current but for writes of this process to the tokens and the health. */
  takeRow(row: Account): void {
    const { label, options, learned, health } = row;
    this.takeTokens(row);
    this.update({ label, options, learned });
    if (this.dirty || this.saving) return;
    this.health = health;
    this.stored = health;
  }

  sendsClosingEvents(wireProfile: string): boolean {
    const isLearned = this.#account.learned.closingEvents?.includes(wireProfile) ?? false;
    return isLearned && (this.missedClosingEvents.get(wireProfile) ?? 0) < MOST_MISSED_CLOSING_EVENTS;
  }

  missClosingEvents(wireProfile: string): void {
    this.missedClosingEvents.set(wireProfile, (this.missedClosingEvents.get(wireProfile) ?? 0) + 1);
  }

  hasRoom(): boolean {
    return this.pace.hasRoom(this.#limits);
  }

  startsInMs(nowMs: number): number {
    return this.pace.startsInMs(nowMs);
  }

  #limitsOf({ options }: Account): AccountOptions {
    return this.#share ? shareOf(options, this.#share) : options;
  }
}
