/** The catalogue of each account, side by side. Answers at once: missing lists are fetched in the background. */
import { Semaphore } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import type { Catalogues } from './catalogues.ts';
import type { GatewayContext } from './context.ts';
import type { AccountModels } from './ports.ts';
import { withLease } from './with-lease.ts';

/** At the same time. */
const MAX_LISTINGS = 4;
/** For one account, its place in the queue not included. */
const TIMEOUT_MS = 15_000;
/** After a failure, such as an account that cools down. */
const PAUSE_MS = 60_000;

interface Failure {
  readonly error: GatewayError;
  readonly atMs: number;
}

export class AccountCatalogues {
  readonly #context: GatewayContext;
  readonly #catalogues: Catalogues;
  readonly #slots = new Semaphore(MAX_LISTINGS);
  readonly #pending = new Set<string>();
  readonly #failures = new Map<string, Failure>();

  constructor(context: GatewayContext, catalogues: Catalogues) {
    this.#context = context;
    this.#catalogues = catalogues;
  }

  list(accountIds: readonly string[]): readonly AccountModels[] {
    const nowMs = this.#context.clock.now();
    for (const id of this.#failures.keys()) if (!accountIds.includes(id)) this.#failures.delete(id);
    return accountIds.map((accountId) => {
      const catalogue = this.#catalogues.ofAccount(accountId)?.catalogue;
      const failure = this.#failures.get(accountId);
      const isPaused = failure !== undefined && nowMs - failure.atMs < PAUSE_MS;
      if (!catalogue && !isPaused) void this.#fetch(accountId, accountIds);
      const isPending = this.#pending.has(accountId);
      return { accountId, catalogue, isPending, error: catalogue || isPending ? undefined : failure?.error };
    });
  }

  /** Never rejects. */
  async #fetch(accountId: string, accountIds: readonly string[]): Promise<void> {
    if (this.#pending.has(accountId)) return;
    this.#pending.add(accountId);
    try {
      await this.#slots.run(() => this.#listOne(accountId, accountIds));
      this.#failures.delete(accountId);
    } catch (cause) {
      this.#failures.set(accountId, { error: GatewayError.from(cause), atMs: this.#context.clock.now() });
    } finally {
      this.#pending.delete(accountId);
    }
  }

  #listOne(accountId: string, accountIds: readonly string[]) {
    const { pool } = this.#context;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const others = accountIds.filter((id) => id !== accountId);
    const plan = {
      signal,
      movesOn: 'if-absent' as const,
      maxPauseMs: 0,
      lease: ({ tried, refresh }: { readonly tried: ReadonlySet<string>; readonly refresh: boolean }) => {
        const request = { conversationId: 'models', modelId: undefined, refresh, signal, control: true };
        return pool.lease({ ...request, tried: new Set([...others, ...tried]) });
      },
    };
    return withLease(this.#context, plan, (lease) => this.#catalogues.list(lease, signal));
  }
}
