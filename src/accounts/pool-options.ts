/** What a pool is built from, and what an account's owner may change. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { UsageLimits } from '../core/usage-limits.ts';
import type { AccountRegistryOptions } from './account-registry.ts';
import type { ConnectionPatch } from './connection.ts';
import type { LeasedAccount, LendOptions } from './lease.ts';
import type { OptionsPatch } from './options.ts';
import type { RefresherOptions } from './refresh.ts';
import type { SchedulerOptions } from './scheduler.ts';

export interface PoolOptions
  extends AccountRegistryOptions,
    SchedulerOptions,
    LendOptions,
    Omit<RefresherOptions, 'registry'> {
  readonly clock: Clock;
  readonly log: Log;
  /** Reads what is left of an account's plan. Rejects with the service's error. */
  readonly readLimits: (leased: LeasedAccount, signal: AbortSignal) => Promise<UsageLimits>;
}

/** Changes of an account by its owner; absent fields stay. */
export interface AccountPatch extends OptionsPatch, ConnectionPatch {
  readonly label?: string | undefined;
}
