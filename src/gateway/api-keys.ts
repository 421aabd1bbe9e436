/**
 * Identifies clients by their API keys. Keys are compared as hashes, in constant time, with the one key that the public
 * part selects: the client id of a configured key, the visible prefix of a stored one. Keys that other processes create or revoke are noticed without a
 * database query for each request.
 */
import { hash as digest, randomInt, timingSafeEqual } from 'node:crypto';
import { Semaphore } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { checkedLabel } from '../core/labels.ts';
import type { Log } from '../core/log.ts';
import { isoTime } from '../core/times.ts';
import type { KeyStore, StoredKey } from './stored-keys.ts';

/** Returns the client's id, or undefined if the key is unknown. */
export type ApiKeyCheck = (presented: string) => string | undefined;

export function createApiKeyCheck(keys: readonly string[]): ApiKeyCheck {
  const known = new Map(keys.map(sha256).map((hash) => [clientIdOf(hash), hash]));
  return (presented) => {
    const hash = sha256(presented);
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

export interface NewKey {
  readonly name: string;
  readonly expiresAtMs?: number | undefined;
}

/** Checking for changes takes a few microseconds: too much for each of a thousand requests a second. */
const CHECK_EVERY_MS = 200;
const SAVE_USES_AFTER_MS = 60_000;

export class ApiKeys {
  readonly #options: ApiKeysOptions;
  #configured: readonly string[];
  #checkConfigured: ApiKeyCheck;
  #stored: ReadonlyMap<string, StoredKey> = new Map();
  #byPrefix: ReadonlyMap<string, StoredKey> = new Map();
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

  /** True if there is no key at all. Revoked and expired keys count, so that revoking the last one does not allow all. */
  get isEmpty(): boolean {
    return this.#configured.length === 0 && this.#stored.size === 0;
  }

  /** Number of keys that are neither revoked nor expired. */
  get usable(): number {
    const nowMs = this.#options.clock.now();
    const stored = [...this.#stored.values()].filter((key) => refusalOf(key, nowMs) === undefined);
    return this.#configured.length + stored.length;
  }

  /** The client's id, or undefined if the key is unknown. Throws `unauthorized` if it was revoked or has expired. */
  async identify(presented: string): Promise<string | undefined> {
    const configured = this.#checkConfigured(presented);
    if (configured !== undefined) return configured;
    const nowMs = this.#options.clock.now();
    await this.checkForChanges();
    let key = this.#find(presented);
    // Another process may have created it a moment ago.
    if (!key && (await this.catchUp())) key = this.#find(presented);
    if (!key) return undefined;
    const refusal = refusalOf(key, nowMs);
    if (refusal !== undefined) throw new GatewayError('unauthorized', refusal);
    this.#recordUse(key.id, nowMs);
    return key.id;
  }

  /** Oldest first. */
  list(): readonly StoredKey[] {
    return [...this.#stored.values()].map((key) => {
      const usedAtMs = Math.max(key.lastUsedAtMs ?? 0, this.#uses.get(key.id) ?? 0);
      return { ...key, lastUsedAtMs: usedAtMs === 0 ? undefined : usedAtMs };
    });
  }

  /** The only time the secret is returned. Throws `invalid_request` naming the field, or `storage_unavailable`. */
  async create({ name, expiresAtMs }: NewKey): Promise<{ readonly key: StoredKey; readonly secret: string }> {
    const { store, clock } = this.#options;
    const createdAtMs = clock.now();
    if (expiresAtMs !== undefined && expiresAtMs <= createdAtMs) {
      throw new GatewayError('invalid_request', 'expiresAt must be in the future.', { param: 'expiresAt' });
    }
    const secret = generateSecret();
    const hash = sha256(secret);
    const key: StoredKey = {
      id: clientIdOf(hash),
      name: checkedLabel(name, "A key's name", 'name'),
      prefix: secret.slice(0, PREFIX_CHARS),
      hash,
      createdAtMs,
      expiresAtMs,
      revokedAtMs: undefined,
      lastUsedAtMs: undefined,
    };
    await store.add(key);
    await this.#reload();
    return { key, secret };
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

  #find(presented: string): StoredKey | undefined {
    const key = this.#byPrefix.get(presented.slice(0, PREFIX_CHARS));
    const matches = timingSafeEqual(key?.hash ?? UNKNOWN_HASH, sha256(presented));
    return matches ? key : undefined;
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
    this.#byPrefix = new Map(keys.map((key) => [key.prefix, key]));
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

function refusalOf({ expiresAtMs, revokedAtMs }: StoredKey, nowMs: number): string | undefined {
  if (revokedAtMs !== undefined) return `This API key was revoked at ${isoTime(revokedAtMs)}.`;
  if (expiresAtMs === undefined || expiresAtMs > nowMs) return undefined;
  return `This API key expired at ${isoTime(expiresAtMs)}.`;
}

function noSuchKey(id: string): GatewayError {
  return new GatewayError('not_found', `There is no API key ${id.slice(0, 60)}.`);
}

const MARK = 'dgm-';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Eight characters are visible as the prefix; the other 32 have 190 bits of entropy. */
const SECRET_CHARS = 40;
const PREFIX_CHARS = MARK.length + 8;

function generateSecret(): string {
  return MARK + Array.from({ length: SECRET_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** Compared if no key has the prefix, so that the comparison takes the same time. */
const UNKNOWN_HASH = Buffer.alloc(32);

/** Enough of the hash to tell clients apart in logs, too little to recover the key. */
function clientIdOf(hash: Buffer): string {
  return `key-${hash.toString('hex').slice(0, 12)}`;
}

function sha256(text: string): Buffer {
  // A buffer made from text comes from Node's pool, in half the time of one that the hash makes.
  return Buffer.from(digest('sha256', text, 'latin1'), 'latin1');
}
