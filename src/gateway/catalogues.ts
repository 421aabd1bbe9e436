/**
 * The models of each account, as the service lists them. Lists are cached, fetched once for concurrent requests, and
 * served stale while a newer list is fetched.
 */
import { LRUCache } from 'lru-cache';
import { SingleFlight, untilAborted } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import type { Catalogue, Model } from '../core/models.ts';
import { authorized, explainRefusal, type GatewayContext, isSuccess, readText } from './context.ts';
import type { Lease } from './ports.ts';

const FRESH_MS = 60 * 60_000;
/** Pause after a failure; a chat does not need the list. */
const PAUSE_AFTER_FAILURE_MS = 60_000;
const LISTING_TIMEOUT_MS = 10_000;
const MAX_PAGES = 10;
/** A list of models has a few kilobytes, with schemas a few tens. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** `offers` ignores older lists, because the account may have other models by now. */
const TRUSTED_MS = 2 * FRESH_MS;
/** Names remembered per list. Clients may send any number of names. */
const MAX_NAMES = 500;

interface CachedCatalogue {
  /** Whether the catalogue has a model, by the name that clients use. */
  readonly offers: LRUCache<string, boolean>;
  catalogue: Catalogue | undefined;
  listedAtMs: number;
  failure: GatewayError | undefined;
  failedAtMs: number;
}

export class Catalogues {
  readonly #context: GatewayContext;
  readonly #entries = new Map<string, CachedCatalogue>();
  readonly #byAccount = new Map<string, CachedCatalogue>();
  readonly #listings = new SingleFlight<Catalogue>();

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  /** Rejects with the service's failure if nothing is cached. `signal` ends only this caller's wait. */
  async list(lease: Lease, signal: AbortSignal): Promise<Catalogue> {
    const known = this.known(lease);
    if (known) return known;
    const entry = this.#entryOf(lease);
    const nowMs = this.#context.clock.now();
    if (entry.failure && nowMs - entry.failedAtMs < PAUSE_AFTER_FAILURE_MS) throw entry.failure;
    return untilAborted(this.#listOnce(entry, lease), signal);
  }

  /** The cached list, which is refreshed in the background if it is old; undefined: call `list`. */
  known(lease: Lease): Catalogue | undefined {
    const entry = this.#entryOf(lease);
    if (!entry.catalogue) return undefined;
    const nowMs = this.#context.clock.now();
    const isPaused = nowMs - entry.failedAtMs < PAUSE_AFTER_FAILURE_MS;
    if (nowMs - entry.listedAtMs >= FRESH_MS && !isPaused) this.#refreshLater(entry, lease);
    return entry.catalogue;
  }

  /** The list of an account as last fetched, or why it could not be. */
  ofAccount(accountId: string): Pick<CachedCatalogue, 'catalogue' | 'failure'> | undefined {
    return this.#byAccount.get(accountId);
  }

  /** The newest list of any account; undefined before the first list. */
  newest(): Catalogue | undefined {
    let newest: CachedCatalogue | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.catalogue && (!newest || entry.listedAtMs > newest.listedAtMs)) newest = entry;
    }
    return newest?.catalogue;
  }

  /** True if the account's list has the model, also under an alias; undefined if there is no recent list. Cheap. */
  offers(accountId: string, model: string): boolean | undefined {
    const entry = this.#byAccount.get(accountId);
    if (!entry?.catalogue || entry.catalogue.models.length === 0) return undefined;
    if (this.#context.clock.now() - entry.listedAtMs > TRUSTED_MS) return undefined;
    const known = entry.offers.get(model);
    if (known !== undefined) return known;
    const { match } = this.#context.upstream.resolveModel(model, entry.catalogue);
    const isOffered = entry.catalogue.isPartial === true || match !== 'unlisted';
    entry.offers.set(model, isOffered);
    return isOffered;
  }

  #entryOf(lease: Lease): CachedCatalogue {
    const key = keyOf(lease);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = {
        offers: new LRUCache({ max: MAX_NAMES }),
        catalogue: undefined,
        listedAtMs: 0,
        failure: undefined,
        failedAtMs: 0,
      };
      this.#entries.set(key, entry);
    }
    this.#byAccount.set(lease.accountId, entry);
    return entry;
  }

  #refreshLater(entry: CachedCatalogue, lease: Lease): void {
    this.#listOnce(entry, lease).catch((error: unknown) => {
      const { code } = GatewayError.from(error);
      this.#context.log.debug?.({ accountId: lease.accountId, code }, 'could not refresh the list of models');
    });
  }

  #listOnce(entry: CachedCatalogue, lease: Lease): Promise<Catalogue> {
    return this.#listings.run(keyOf(lease), () => this.#list(entry, lease));
  }

  async #list(entry: CachedCatalogue, lease: Lease): Promise<Catalogue> {
    const { clock } = this.#context;
    try {
      const catalogue = await this.#fetch(lease);
      entry.catalogue = catalogue;
      entry.listedAtMs = clock.now();
      entry.offers.clear();
      entry.failure = undefined;
      return catalogue;
    } catch (cause) {
      const error = GatewayError.from(cause);
      // A rejected token is about to be replaced, so the next attempt should list again.
      if (error.policy.retry !== 'after-refresh') {
        entry.failure = error;
        entry.failedAtMs = clock.now();
      }
      throw error;
    }
  }

  async #fetch(lease: Lease): Promise<Catalogue> {
    const { upstream, send } = this.#context;
    const fixed = upstream.fixedCatalogue?.(lease.access);
    if (fixed) return fixed;
    const signal = AbortSignal.timeout(LISTING_TIMEOUT_MS);
    const models: Model[] = [];
    let defaultModelId: string | undefined;
    let nextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const request = upstream.encodeListModels(lease.access, nextToken);
      const answer = await send(authorized(request, lease), signal);
      if (!isSuccess(answer)) throw await explainRefusal(upstream, answer, request);
      const decoded = upstream.decodeModels(await readText(answer, MAX_LIST_BYTES));
      models.push(...decoded.catalogue.models);
      defaultModelId ??= decoded.catalogue.defaultModelId;
      nextToken = decoded.nextToken;
      if (nextToken === undefined) break;
    }
    return { models, defaultModelId };
  }
}

/** The list of an account depends on its wire profile and its profile. */
function keyOf({ accountId, access }: Lease): string {
  return `${accountId} ${access.wireProfile} ${access.profileArn ?? ''}`;
}
