/** Accounts that were removed and can be restored for a week. Only then is their credential deleted. */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { AccountRegistry } from './account-registry.ts';
import type { Account, AccountStore, DiscardedAccount } from './ports.ts';

export const KEPT_IN_TRASH_MS = 7 * 24 * 3_600_000;

interface TrashOptions {
  readonly store: Pick<AccountStore, 'listDiscarded' | 'purgeDiscarded'>;
  readonly registry: Pick<AccountRegistry, 'flush' | 'write' | 'put' | 'remove'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** All methods but `purge` reject with `storage_unavailable`. */
export class Trash {
  readonly #options: TrashOptions;

  constructor(options: TrashOptions) {
    this.#options = options;
  }

  /** Newest first. */
  list(): Promise<readonly DiscardedAccount[]> {
    return this.#options.store.listDiscarded(this.#sinceMs());
  }

  /** False if the account is unknown. */
  async discard(id: string): Promise<boolean> {
    const { registry, clock } = this.#options;
    // Its counters, which are saved some time after a reply.
    await registry.flush();
    const isDiscarded = await registry.write((store) => store.discard(id, clock.now()));
    // Only now: what could not be removed has to stay.
    registry.remove(id);
    await this.purge();
    return isDiscarded;
  }

  /** undefined if the account is not in the trash, or for too long. */
  async restore(id: string): Promise<Account | undefined> {
    const { registry, clock } = this.#options;
    const account = await registry.write((store) => store.restore(id, this.#sinceMs(), clock.now()));
    if (account) registry.put(account);
    return account;
  }

  /** Deletes what can no longer be restored. Never rejects: it is repeated. */
  async purge(): Promise<void> {
    try {
      await this.#options.store.purgeDiscarded(this.#sinceMs());
    } catch (cause) {
      const why = GatewayError.from(cause).details;
      this.#options.log.warn({ why }, 'could not delete the accounts whose time in the trash is over');
    }
  }

  #sinceMs(): number {
    return this.#options.clock.now() - KEPT_IN_TRASH_MS;
  }
}
