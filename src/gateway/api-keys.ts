/**
 * Identifies clients by their API keys. Keys are compared as hashes, in constant time, with the one key that the public
 * part selects: the client id of a configured key, the visible prefix of a stored one. Keys that other processes create or revoke are noticed without a
 * database query for each request.
 */
import { timingSafeEqual } from 'node:crypto';
import { Semaphore } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { isoTime } from '../core/times.ts';
import { checkedChange, LIMIT_NAMES, newFields } from './key-fields.ts';
import { generateKey, keyIdOf, prefixOf, publicIdOf, randomPublicId, sha256, UNKNOWN_HASH } from './key-secret.ts';
import type { KeyChange, KeyStore, StoredKey } from './stored-keys.ts';

/** By the SHA-256 of the presented key. Returns the client's id, or undefined if the key is unknown. */
type ApiKeyCheck = (hash: Buffer) => string | undefined;

export function createApiKeyCheck(keys: readonly string[]): ApiKeyCheck {
  const known = new Map(keys.map(sha256).map((hash) => [clientIdOf(hash), hash]));
  return (hash) => {
    const id = clientIdOf(hash);
    return timingSafeEqual(known.get(id) ?? UNKNOWN_HASH, hash) ? id : undefined;
  };
}

export interface ApiKeysOptions {
  /** Keys from the settings. */
  readonly configured: readonly string[];
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly log: Log;
}

export type NewKey = KeyChange & { readonly name: string };

/** A key with its whole text, which is shown only once. */
export interface KeyWithSecret {
  readonly key: StoredKey;
  readonly secret: string;
}

/** Longer than any roll-out of a new secret. */
const MAX_GRACE_S = 90 * 86_400;

/** Checking for changes takes a few microseconds: too much for each of a thousand requests a second. */
const CHECK_EVERY_MS = 200;
const SAVE_USES_AFTER_MS = 60_000;

export class ApiKeys {
  readonly #options: ApiKeysOptions;
  #configured: readonly string[];
  #checkConfigured: ApiKeyCheck;
  #stored: ReadonlyMap<string, StoredKey> = new Map();
  #byPrefix: ReadonlyMap<string, StoredKey> = new Map();
  #restricted: ReadonlyMap<string, StoredKey> = new Map();
  #changeMark = Number.NaN;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  readonly #loads = new Semaphore(1);
  readonly #uses = new Map<string, number>();
  #cancelWritingUses: Cancel | undefined;

  private constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#configured = options.configured;
    this.#checkConfigured = createApiKeyCheck(options.configured);
  }

  /** Replaces the keys from the settings. */
  configure(keys: readonly string[]): void {
    this.#configured = keys;
    this.#checkConfigured = createApiKeyCheck(keys);
  }

  /** Throws `storage_unavailable`. */
  static async open(options: ApiKeysOptions): Promise<ApiKeys> {
    const keys = new ApiKeys(options);
    await keys.#reload();
    return keys;
  }

  /** True if there is no key at all. Revoked, disabled and expired keys count, so that revoking the last one does not allow all. */
  get isEmpty(): boolean {
    return this.#configured.length === 0 && this.#stored.size === 0;
  }

  /** Number of keys that are neither revoked nor disabled nor expired. */
  get usable(): number {
    const nowMs = this.#options.clock.now();
    const stored = [...this.#stored.values()].filter((key) => refusalOf(key, nowMs) === undefined);
    return this.#configured.length + stored.length;
  }

  /** The client's id, or undefined if the key is unknown. Throws `unauthorized` if it was revoked or has expired. */
  async identify(presented: string): Promise<string | undefined> {
    const hash = sha256(presented);
    const configured = this.#checkConfigured(hash);
    if (configured !== undefined) return configured;
    const nowMs = this.#options.clock.now();
    await this.checkForChanges();
    let key = this.#find(presented, nowMs, hash);
    // Another process may have created it a moment ago.
    if (!key && (await this.catchUp())) key = this.#find(presented, nowMs, hash);
    if (!key) {
      this.#refuseReplaced(presented);
      return undefined;
    }
    const refusal = refusalOf(key, nowMs);
    if (refusal !== undefined) throw new GatewayError('unauthorized', refusal);
    this.#recordUse(key.id, nowMs);
    return key.id;
  }

  /** As `identify`, for a valid key that is known without looking at the database; undefined: call `identify`. `hash`: its SHA-256. */
  identifyNow(presented: string, hash = sha256(presented)): string | undefined {
    const configured = this.#checkConfigured(hash);
    if (configured !== undefined) return configured;
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#checkedAtMs >= CHECK_EVERY_MS) return undefined;
    const key = this.#find(presented, nowMs, hash);
    if (!key || refusalOf(key, nowMs) !== undefined) return undefined;
    this.#recordUse(key.id, nowMs);
    return key.id;
  }

  /** The key of an identified client; undefined: a key of the settings, or none. */
  find(client: string): StoredKey | undefined {
    return this.#stored.get(client);
  }

  /** The key of an identified client, if it has limits, models or a group; undefined: it may do everything. */
  restrictedKey(client: string): StoredKey | undefined {
    return this.#restricted.get(client);
  }

  /** Oldest first. */
  list(): readonly StoredKey[] {
    return [...this.#stored.values()].map((key) => {
      const usedAtMs = Math.max(key.lastUsedAtMs ?? 0, this.#uses.get(key.id) ?? 0);
      return { ...key, lastUsedAtMs: usedAtMs === 0 ? undefined : usedAtMs };
    });
  }

  /** Throws `invalid_request` naming the field, or `storage_unavailable`. */
  async create(newKey: NewKey): Promise<KeyWithSecret> {
    const { store, clock } = this.#options;
    const createdAtMs = clock.now();
    const publicId = randomPublicId();
    const secret = generateKey(publicId);
    const key: StoredKey = {
      ...newFields(newKey, createdAtMs),
      id: keyIdOf(publicId),
      prefix: prefixOf(secret),
      hash: sha256(secret),
      previous: undefined,
      createdAtMs,
      revokedAtMs: undefined,
      lastUsedAtMs: undefined,
    };
    await store.add(key);
    await this.#reload();
    return { key, secret };
  }

  /** Throws `invalid_request` naming the field, or because the key is revoked; `not_found`; or `storage_unavailable`. */
  async change(id: string, change: KeyChange): Promise<StoredKey> {
    const { store, clock } = this.#options;
    const key = await store.change(id, checkedChange(change, clock.now()));
    await this.#reload();
    return key ?? this.#refuseChange(id);
  }

  /**
   * Replaces the secret; the old one stays valid for a while, so that clients can be moved to the new one. A secret that
   * was replaced before it is rejected at once. Throws as `change`.
   */
  async rotate(id: string, graceS: number): Promise<KeyWithSecret> {
    if (!(graceS >= 0 && graceS <= MAX_GRACE_S)) {
      const message = `graceSeconds is ${graceS}; it must be a number from 0 to ${MAX_GRACE_S}.`;
      throw new GatewayError('invalid_request', message, { param: 'graceSeconds' });
    }
    const { store, clock } = this.#options;
    const secret = generateKey(publicIdOf(id));
    const previousValidUntilMs = clock.now() + Math.ceil(graceS * 1_000);
    const key = await store.rotate(id, { prefix: prefixOf(secret), hash: sha256(secret), previousValidUntilMs });
    await this.#reload();
    return { key: key ?? this.#refuseChange(id), secret };
  }

  /** Rejects the key from now on, but keeps it in the list. Throws `not_found`. */
  async revoke(id: string): Promise<StoredKey> {
    const key = await this.#options.store.revoke(id, this.#options.clock.now());
    if (!key) throw noSuchKey(id);
    await this.#reload();
    return key;
  }

  /** Deletes the key. Throws `not_found`. */
  async forget(id: string): Promise<void> {
    if (!(await this.#options.store.remove(id))) throw noSuchKey(id);
    this.#uses.delete(id);
    await this.#reload();
  }

  /** Checks, a few times a second at most, whether another process has created or revoked a key. */
  async checkForChanges(): Promise<void> {
    const { store, clock } = this.#options;
    if (clock.now() - this.#checkedAtMs >= CHECK_EVERY_MS) await this.#catchUp(() => store.changeMark());
  }

  /** True if another process has changed a key. While the database fails, the keys in memory stay valid. */
  catchUp(): Promise<boolean> {
    return this.#catchUp(() => this.#options.store.latestChangeMark());
  }

  async #catchUp(findMark: () => number | Promise<number>): Promise<boolean> {
    const { clock, log } = this.#options;
    this.#checkedAtMs = clock.now();
    try {
      if ((await findMark()) === this.#changeMark) return false;
      await this.#reload();
      return true;
    } catch (cause) {
      log.warn({ why: GatewayError.from(cause).details }, 'could not reload the API keys');
      return false;
    }
  }

  /** Saves the last uses that are still in memory. */
  async close(): Promise<void> {
    await this.#writeUses();
  }

  #find(presented: string, nowMs: number, hash: Buffer): StoredKey | undefined {
    const key = this.#byPrefix.get(prefixOf(presented));
    if (timingSafeEqual(key?.hash ?? UNKNOWN_HASH, hash)) return key;
    const previous = key?.previous;
    if (!previous || !timingSafeEqual(previous.hash, hash)) return undefined;
    return previous.validUntilMs > nowMs ? key : undefined;
  }

  /** Throws `unauthorized` for a secret that another has replaced. */
  #refuseReplaced(presented: string): void {
    const previous = this.#byPrefix.get(prefixOf(presented))?.previous;
    if (!previous || !timingSafeEqual(previous.hash, sha256(presented))) return;
    const replaced = `This API key was replaced, and its old secret stopped working at ${isoTime(previous.validUntilMs)}.`;
    throw new GatewayError('unauthorized', replaced);
  }

  #refuseChange(id: string): never {
    const isRevoked = this.#stored.get(id)?.revokedAtMs !== undefined;
    if (!isRevoked) throw noSuchKey(id);
    throw new GatewayError('invalid_request', `The API key ${id} is revoked and cannot be changed. Create a new one.`);
  }

  /** One at a time, so that rows read before a change never replace rows read after it. */
  #reload(): Promise<void> {
    return this.#loads.run(() => this.#load());
  }

  async #load(): Promise<void> {
    const { store } = this.#options;
    // Read before the rows, so that a write in between is noticed the next time.
    const mark = store.changeMark();
    const keys = await store.list();
    this.#changeMark = mark;
    this.#stored = new Map(keys.map((key) => [key.id, key]));
    this.#restricted = new Map(keys.filter(isRestricted).map((key) => [key.id, key]));
    this.#byPrefix = new Map(keys.flatMap((key) => [...prefixesOf(key)].map((prefix) => [prefix, key])));
  }

  #recordUse(id: string, nowMs: number): void {
    this.#uses.set(id, nowMs);
    this.#cancelWritingUses ??= this.#options.clock.schedule(SAVE_USES_AFTER_MS, () => void this.#writeUses());
  }

  async #writeUses(): Promise<void> {
    this.#cancelWritingUses?.();
    this.#cancelWritingUses = undefined;
    if (this.#uses.size === 0) return;
    const uses = new Map(this.#uses);
    try {
      await this.#options.store.recordUses(uses);
      await this.#reload();
      for (const [id, usedAtMs] of uses) if (this.#uses.get(id) === usedAtMs) this.#uses.delete(id);
    } catch (cause) {
      this.#options.log.warn({ why: GatewayError.from(cause).details }, 'could not save the last uses of API keys');
    }
  }
}

/** The prefix of the previous secret differs if an earlier version created it. */
function prefixesOf({ prefix, previous }: StoredKey): ReadonlySet<string> {
  return new Set([prefix, previous?.prefix ?? prefix]);
}

function isRestricted(key: StoredKey): boolean {
  return key.models !== undefined || key.group !== undefined || LIMIT_NAMES.some((name) => key[name] !== undefined);
}

function refusalOf({ enabled, expiresAtMs, revokedAtMs }: StoredKey, nowMs: number): string | undefined {
  if (revokedAtMs !== undefined) return `This API key was revoked at ${isoTime(revokedAtMs)}.`;
  if (!enabled) return 'This API key is disabled. Ask the owner of the gateway to enable it.';
  if (expiresAtMs === undefined || expiresAtMs > nowMs) return undefined;
  return `This API key expired at ${isoTime(expiresAtMs)}.`;
}

function noSuchKey(id: string): GatewayError {
  return new GatewayError('not_found', `There is no API key ${id.slice(0, 60)}.`);
}

/** Enough of the hash to tell clients apart in logs, too little to recover the key. */
function clientIdOf(hash: Buffer): string {
  return `key-${hash.toString('hex').slice(0, 12)}`;
}
