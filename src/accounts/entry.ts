/** One account as the pool holds it: the stored row, what has happened since, and how it is being worked. */
import type { Contender } from './choice.ts';
import type { Health } from './health.ts';
import type { AccountOptions } from './options.ts';
import { Pace } from './pace.ts';
import type { Account } from './ports.ts';
import { hash } from './strategies.ts';

export class Entry implements Contender {
  readonly id: string;
  readonly idHash: number;
  readonly pace = new Pace();
  account: Account;
  health: Health;
  /** What the store held when we last looked: others may have changed it since. */
  stored: Health;
  /** The store does not know `health` yet. */
  dirty = false;
  /** By a person's hand or a new credential: `health` counts, whatever the store holds. */
  decided = false;
  /** An access token which the upstream refused: never lent again. */
  refused: string | undefined;
  /** When the file behind a signed-out account was last looked at. */
  rereadAtMs = 0;
  turn = 0;
  /** As of the last reading of its usage limits. */
  quotaLeft: number | undefined;

  constructor(account: Account) {
    this.id = account.id;
    this.idHash = hash(account.id);
    this.account = account;
    this.health = account.health;
    this.stored = account.health;
  }

  get options(): AccountOptions {
    return this.account.options;
  }

  get weight(): number {
    return this.account.options.weight;
  }

  get inFlight(): number {
    return this.pace.inFlight;
  }

  sendsClosingEvents(wireProfile: string): boolean {
    return this.account.learned.closingEvents?.includes(wireProfile) ?? false;
  }

  hasRoom(): boolean {
    return this.pace.hasRoom(this.account.options);
  }

  startsInMs(nowMs: number): number {
    return this.pace.startsInMs(nowMs);
  }
}
