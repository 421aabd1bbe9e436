/**
 * The models of each account, as the service lists them: cached, listed once for all who ask at the same time, and
 * served stale while a newer list is fetched.
 */
import { LRUCache } from 'lru-cache';
import { SingleFlight, untilAborted } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import type { Catalogue, Model } from '../core/models.ts';
import { authorized, explainRefusal, type GatewayContext, isSuccess, readText } from './context.ts';
import type { Lease } from './ports.ts';

const FRESH_MS = 60 * 60_000;
/** After a failure nobody asks again for so long: a chat does not need the list. */
const PAUSE_AFTER_FAILURE_MS = 60_000;
const LISTING_TIMEOUT_MS = 10_000;
const MAX_PAGES = 10;
/** A list of models is some kilobytes; schemas make it tens. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** An account nobody lists any more may have got other models meanwhile. */
const TRUSTED_MS = 2 * FRESH_MS;
/** Clients can ask for any name: what is kept about names is bounded. */
const MAX_NAMES = 500;

interface Entry {
  /** Name as clients say it → whether the catalogue has it. */
  readonly offers: LRUCache<string, boolean>;
  catalogue: Catalogue | undefined;
  listedAtMs: number;
  failure: GatewayError | undefined;
  failedAtMs: number;
}

export class Catalogues {
  readonly #context: GatewayContext;
  readonly #entries = new Map<string, Entry>();
  readonly #byAccount = new Map<string, Entry>();
  readonly #listings = new SingleFlight<Catalogue>();

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  /** Throws what the service said when nothing is cached. `signal` ends this caller's waiting alone. */
  async list(lease: Lease, signal: AbortSignal): Promise<Catalogue> {
    const entry = this.#entryOf(lease);
    const nowMs = this.#context.clock.now();
    if (entry.catalogue) {
      const pausing = nowMs - entry.failedAtMs < PAUSE_AFTER_FAILURE_MS;
      if (nowMs - entry.listedAtMs >= FRESH_MS && !pausing) this.#refreshLater(entry, lease);
      return entry.catalogue;
    }
    if (entry.failure && nowMs - entry.failedAtMs < PAUSE_AFTER_FAILURE_MS) throw entry.failure;
    return untilAborted(this.#listOnce(entry, lease), signal);
  }

  /** What any account has listed, newest first; undefined before the first list. */
  newest(): Catalogue | undefined {
    let newest: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.catalogue && (!newest || entry.listedAtMs > newest.listedAtMs)) newest = entry;
    }
    return newest?.catalogue;
  }

  /** Whether the account's list has the model, under whatever name; undefined: not listed, or long ago. Cheap. */
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

  #entryOf(lease: Lease): Entry {
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

  #refreshLater(entry: Entry, lease: Lease): void {
    this.#listOnce(entry, lease).catch((error: unknown) => {
      const { code } = GatewayError.from(error);
      this.#context.log.debug({ accountId: lease.accountId, code }, 'models could not be listed anew');
    });
  }

  #listOnce(entry: Entry, lease: Lease): Promise<Catalogue> {
    return this.#listings.run(keyOf(lease), () => this.#list(entry, lease));
  }

  async #list(entry: Entry, lease: Lease): Promise<Catalogue> {
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
      // A refused token is about to be replaced: the next attempt should list again.
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

/** The lists of an account differ between its wire profiles and its profiles. */
function keyOf({ accountId, access }: Lease): string {
  return `${accountId} ${access.wireProfile} ${access.profileArn ?? ''}`;
}
