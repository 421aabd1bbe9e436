/**
 * Which client an API key stands for. Keys are compared as hashes, in constant time. Those of the settings are looked
 * at one and all; those which were made here are found by their visible beginning, in memory: what other processes
 * make and revoke is noticed without a question to the database for each request.
 */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { Semaphore } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { isoTime } from '../core/times.ts';
import type { KeyStore, StoredKey } from './stored-keys.ts';

/** Answers the client's id, or undefined for a key nobody has been given. */
export type ApiKeyCheck = (presented: string) => string | undefined;

export function createApiKeyCheck(keys: readonly string[]): ApiKeyCheck {
  const known = keys.map(sha256);
  return (presented) => {
    const hash = sha256(presented);
    let found: Buffer | undefined;
    // No early exit: how long this takes must not tell which key was near.
    for (const candidate of known) if (timingSafeEqual(candidate, hash)) found = candidate;
    return found && clientIdOf(found);
  };
}

export interface ApiKeysOptions {
  /** Of the settings. */
  readonly configured: readonly string[];
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NewKey {
  readonly name: string;
  readonly expiresAtMs?: number | undefined;
}

/** Asking whether another process wrote costs some microseconds: not worth it for each of a thousand requests a second. */
const LOOK_EVERY_MS = 200;
const NOTE_USES_AFTER_MS = 60_000;

export class ApiKeys {
  readonly #options: ApiKeysOptions;
  #configured: readonly string[];
  #checkConfigured: ApiKeyCheck;
  #stored: ReadonlyMap<string, StoredKey> = new Map();
  #byPrefix: ReadonlyMap<string, StoredKey> = new Map();
  #mark = Number.NaN;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  readonly #loads = new Semaphore(1);
  readonly #uses = new Map<string, number>();
  #cancelWritingUses: Cancel | undefined;

  private constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#configured = options.configured;
    this.#checkConfigured = createApiKeyCheck(options.configured);
  }

  /** Replaces the keys of the settings. */
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

  /** No key was ever configured. One which was revoked or has run out counts: revoking must not open the door. */
  get isEmpty(): boolean {
    return this.#configured.length === 0 && this.#stored.size === 0;
  }

  /** How many are good at the moment. */
  get usable(): number {
    const nowMs = this.#options.clock.now();
    const stored = [...this.#stored.values()].filter((key) => whyRefused(key, nowMs) === undefined);
    return this.#configured.length + stored.length;
  }

  /** The client's id; undefined for a key nobody has been given. Throws `unauthorized` for one which was good once. */
  async identify(presented: string): Promise<string | undefined> {
    const configured = this.#checkConfigured(presented);
    if (configured !== undefined) return configured;
    const nowMs = this.#options.clock.now();
    await this.look();
    let key = this.#find(presented);
    // Perhaps it was made a moment ago, by another process.
    if (!key && (await this.catchUp())) key = this.#find(presented);
    if (!key) return undefined;
    const refused = whyRefused(key, nowMs);
    if (refused !== undefined) throw new GatewayError('unauthorized', refused);
    this.#noteUse(key.id, nowMs);
    return key.id;
  }

  /** The oldest first. */
  list(): readonly StoredKey[] {
    return [...this.#stored.values()].map((key) => {
      const usedAtMs = Math.max(key.lastUsedAtMs ?? 0, this.#uses.get(key.id) ?? 0);
      return { ...key, lastUsedAtMs: usedAtMs === 0 ? undefined : usedAtMs };
    });
  }

  /** The secret is told here and never again. Throws `invalid_request` naming the field, or `storage_unavailable`. */
  async create({ name, expiresAtMs }: NewKey): Promise<{ readonly key: StoredKey; readonly secret: string }> {
    const { store, clock } = this.#options;
    const createdAtMs = clock.now();
    if (expiresAtMs !== undefined && expiresAtMs <= createdAtMs) {
      throw new GatewayError('invalid_request', 'A key cannot have expired before it is made.', { param: 'expiresAt' });
    }
    const secret = makeSecret();
    const hash = sha256(secret);
    const key: StoredKey = {
      id: clientIdOf(hash),
      name: checkedName(name),
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

  /** From now on it is refused; it stays in the list. Throws `not_found`. */
  async revoke(id: string): Promise<StoredKey> {
    const key = await this.#options.store.revoke(id, this.#options.clock.now());
    if (!key) throw noSuchKey(id);
    await this.#reload();
    return key;
  }

  /** As if it had never been. Throws `not_found`. */
  async forget(id: string): Promise<void> {
    if (!(await this.#options.store.remove(id))) throw noSuchKey(id);
    this.#uses.delete(id);
    await this.#reload();
  }

  /** Now and then, whether another process has made or revoked a key. */
  async look(): Promise<void> {
    const { store, clock } = this.#options;
    if (clock.now() - this.#lookedAtMs >= LOOK_EVERY_MS) await this.#catchUp(() => store.changeMark());
  }

  /** Whether another process has changed something. A database in trouble stops nobody whose key is in memory. */
  catchUp(): Promise<boolean> {
    return this.#catchUp(() => this.#options.store.latestChangeMark());
  }

  async #catchUp(findMark: () => number | Promise<number>): Promise<boolean> {
    const { clock, log } = this.#options;
    this.#lookedAtMs = clock.now();
    try {
      if ((await findMark()) === this.#mark) return false;
      await this.#reload();
      return true;
    } catch (cause) {
      log.warn({ why: GatewayError.from(cause).details }, 'the API keys could not be read again');
      return false;
    }
  }

  /** What is left to write is written. */
  async close(): Promise<void> {
    await this.#writeUses();
  }

  #find(presented: string): StoredKey | undefined {
    const key = this.#byPrefix.get(presented.slice(0, PREFIX_CHARS));
    const isIt = timingSafeEqual(key?.hash ?? NOBODY, sha256(presented));
    return isIt ? key : undefined;
  }

  /** One after the other, so that what was read before a change never replaces what was read after it. */
  #reload(): Promise<void> {
    return this.#loads.run(() => this.#load());
  }

  async #load(): Promise<void> {
    const { store } = this.#options;
    // Read before the rows, so that a write in between is noticed next time.
    const mark = store.changeMark();
    const keys = await store.list();
    this.#mark = mark;
    this.#stored = new Map(keys.map((key) => [key.id, key]));
    this.#byPrefix = new Map(keys.map((key) => [key.prefix, key]));
  }

  #noteUse(id: string, nowMs: number): void {
    this.#uses.set(id, nowMs);
    this.#cancelWritingUses ??= this.#options.clock.schedule(NOTE_USES_AFTER_MS, () => void this.#writeUses());
  }

  async #writeUses(): Promise<void> {
    this.#cancelWritingUses?.();
    this.#cancelWritingUses = undefined;
    if (this.#uses.size === 0) return;
    const uses = new Map(this.#uses);
    try {
      await this.#options.store.noteUses(uses);
      await this.#reload();
      for (const [id, usedAtMs] of uses) if (this.#uses.get(id) === usedAtMs) this.#uses.delete(id);
    } catch (cause) {
      this.#options.log.warn({ why: GatewayError.from(cause).details }, 'the last uses of API keys were not saved');
    }
  }
}

function whyRefused({ expiresAtMs, revokedAtMs }: StoredKey, nowMs: number): string | undefined {
  if (revokedAtMs !== undefined) return `This API key was revoked at ${isoTime(revokedAtMs)}.`;
  if (expiresAtMs === undefined || expiresAtMs > nowMs) return undefined;
  return `This API key expired at ${isoTime(expiresAtMs)}.`;
}

const MAX_NAME_CHARS = 100;

function checkedName(name: string): string {
  const trimmed = name.trim();
  if (trimmed !== '' && trimmed.length <= MAX_NAME_CHARS && !/\p{Cc}/u.test(trimmed)) return trimmed;
  const message = `A key's name is 1 to ${MAX_NAME_CHARS} characters on one line.`;
  throw new GatewayError('invalid_request', message, { param: 'name' });
}

function noSuchKey(id: string): GatewayError {
  return new GatewayError('not_found', `There is no API key ${id.slice(0, 60)}.`);
}

const MARK = 'dgm-';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Eight characters of it are shown; the other 32 are 190 bits. */
const SECRET_CHARS = 40;
const PREFIX_CHARS = MARK.length + 8;

function makeSecret(): string {
  return MARK + Array.from({ length: SECRET_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** The hash of no key. */
const NOBODY = Buffer.alloc(32);

/** Enough of the hash to tell clients apart in logs; useless for finding the key. */
function clientIdOf(hash: Buffer): string {
  return `key-${hash.toString('hex').slice(0, 12)}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
