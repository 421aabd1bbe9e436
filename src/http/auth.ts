/** Finds the API key or the admin token in a request, checks it, and slows down guessing. */
import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { bytesOfHash, hashText } from '../gateway/key-secret.ts';
import { addressNetwork } from './address-network.ts';

interface PresentedKey {
  readonly key: string;
  /** SHA-256, see `hashText`. */
  readonly hash: string;
}

/**
 * For every API: SDKs of both vendors have used both headers, and editors still send Azure's. A request may have several at
 * once, since many clients send a key of their own besides the one that the user set as an additional header.
 */
function presentedKeys(headers: IncomingHttpHeaders): readonly PresentedKey[] {
  const bearer = bearerToken(headers.authorization);
  const presented: PresentedKey[] = [];
  for (const key of [bearer, single(headers['x-api-key']), single(headers['api-key'])]) {
    if (key === undefined || presented.some((other) => other.key === key)) continue;
    presented.push({ key, hash: hashText(key) });
  }
  return presented;
}

/** RFC 6750, 2.1; the scheme in any case, as RFC 9110, 11.1 has it. */
function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization?.charAt(SCHEME.length) !== ' ') return undefined;
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  const token = authorization.slice(SCHEME.length).trim();
  return token === '' || token.includes(' ') || token.includes('\t') ? undefined : token;
}

const SCHEME = 'bearer';

/** Whether the request presents a key in any of these headers. */
export function hasKey(headers: IncomingHttpHeaders): boolean {
  return presentedKeys(headers).length > 0;
}

function single(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  return value?.trim() || undefined;
}

/** Returns the id of the key's owner, or undefined if the key is unknown. May throw `unauthorized` with a better reason. */
type KeyCheck = (presented: string) => Promise<string | undefined> | string | undefined;

/** As `KeyCheck` for keys that need no waiting; undefined for all others. `hash`: the SHA-256 of the key. */
type KeyCheckNow = (presented: string, hash: Buffer) => string | undefined;

/** The error messages for a request without a key, with a wrong one, and after too many wrong ones. */
interface GuardMessages {
  readonly none: string;
  readonly wrong: string;
  readonly tooMany: string;
}

interface KeySearch {
  readonly client: string | undefined;
  /** At least one key is unknown. */
  readonly isGuess: boolean;
  /** Why a known key is not valid (expired, say). */
  readonly refusal: GatewayError | undefined;
}

export class KeyGuard {
  readonly #check: KeyCheck;
  readonly #checkNow: KeyCheckNow | undefined;
  readonly #messages: GuardMessages;
  readonly #guesses: Guesses;
  /** Hashes of keys that were valid lately. Whether one still is, the check decides. */
  readonly #accepted = new LRUCache<string, true>({ maxSize: MAX_ACCEPTED, sizeCalculation: () => 1 });
  readonly #clock: Clock;

  constructor(check: KeyCheck, clock: Clock, messages: GuardMessages = KEY_MESSAGES, checkNow?: KeyCheckNow) {
    this.#check = check;
    this.#checkNow = checkNow;
    this.#clock = clock;
    this.#messages = messages;
    this.#guesses = new Guesses(clock);
  }

  /**
   * The client's id, by the first presented key that is valid. Rejects with GatewayError `unauthorized`, or `rate_limited`
   * after too many guesses. A request without a valid key is one guess, however many it presents.
   */
  async identify(headers: IncomingHttpHeaders, address: string): Promise<string> {
    const keys = presentedKeys(headers);
    if (keys.length === 0) throw new GatewayError('unauthorized', this.#messages.none);
    return this.#identify(keys, address);
  }

  /** Whether one of the keys is valid. Wrong ones are not counted as guesses. */
  async isValid(headers: IncomingHttpHeaders): Promise<boolean> {
    const { client } = await this.#firstValid(presentedKeys(headers));
    return client !== undefined;
  }

  /**
   * As `identify` without a promise, for the usual request, which has one key that is valid. Undefined: call `identify`.
   * While wrong keys are being delayed it always returns undefined.
   */
  identifyNow(headers: IncomingHttpHeaders): string | undefined {
    if (!this.#checkNow || this.#guesses.isAnyWaiting) return undefined;
    const keys = presentedKeys(headers);
    const [presented] = keys;
    if (!presented || keys.length > 1) return undefined;
    const client = this.#checkNow(presented.key, bytesOfHash(presented.hash));
    if (client !== undefined && !this.#accepted.get(presented.hash)) this.#accepted.set(presented.hash, true);
    return client;
  }

  /** As `identify`, for a key that came in another part of the request. */
  identifyKey(key: string, address: string): Promise<string> {
    return this.#identify([{ key, hash: hashText(key) }], address);
  }

  async #identify(keys: readonly PresentedKey[], address: string): Promise<string> {
    const allowed = this.#allowedToTry(keys, address);
    const { client, isGuess, refusal } = await this.#firstValid(allowed);
    if (client !== undefined) return client;
    if (isGuess) await this.#throttle(address);
    throw refusal ?? new GatewayError('unauthorized', this.#messages.wrong);
  }

  /**
   * While too many wrong keys from one address are being delayed, only keys that were valid before are checked: all clients
   * behind a reverse proxy share its address.
   */
  #allowedToTry(keys: readonly PresentedKey[], address: string): readonly PresentedKey[] {
    if (this.#guesses.of(address).waiting < MAX_WAITING) return keys;
    const known = keys.filter(({ hash }) => this.#accepted.has(hash));
    if (known.length === 0) throw this.#tooManyError();
    return known;
  }

  async #firstValid(keys: readonly PresentedKey[]): Promise<KeySearch> {
    let isGuess = false;
    let refusal: GatewayError | undefined;
    for (const presented of keys) {
      try {
        const client = await this.#checked(presented);
        if (client !== undefined) return { client, isGuess: false, refusal: undefined };
        isGuess = true;
      } catch (cause) {
        if (!(cause instanceof GatewayError) || cause.code !== 'unauthorized') throw cause;
        refusal ??= cause;
      }
    }
    return { client: undefined, isGuess, refusal };
  }

  /** A key that is no longer valid counts as a guess. */
  async #checked({ key, hash }: PresentedKey): Promise<string | undefined> {
    let client: string | undefined;
    try {
      client = await this.#check(key);
      return client;
    } finally {
      if (client === undefined) this.#accepted.delete(hash);
      else this.#accepted.set(hash, true);
    }
  }

  async #throttle(address: string): Promise<void> {
    const guess = this.#guesses.of(address);
    // Other guesses may have arrived while the key was checked.
    if (guess.waiting >= MAX_WAITING) throw this.#tooManyError();
    guess.wrong += 1;
    this.#guesses.remember(address, guess);
    const delayMs = guess.wrong <= FREE_GUESSES ? 0 : Math.min(MAX_DELAY_MS, 50 * 2 ** (guess.wrong - FREE_GUESSES));
    if (delayMs === 0) return;
    guess.waiting += 1;
    this.#guesses.waiting += 1;
    try {
      await this.#clock.sleep(delayMs);
    } finally {
      guess.waiting -= 1;
      this.#guesses.waiting -= 1;
    }
  }

  #tooManyError(): GatewayError {
    return new GatewayError('rate_limited', this.#messages.tooMany, { retryAfterMs: MAX_DELAY_MS });
  }
}

export const KEY_MESSAGES: GuardMessages = {
  none: 'The request has no API key. Send a key of this gateway as "Authorization: Bearer …" or "x-api-key: …".',
  wrong:
    'This gateway does not know this API key. Valid keys are those in DRAGOMAN_API_KEYS and in `dragoman keys list`.',
  tooMany: 'Too many wrong API keys from this address. Wait a few seconds and try again.',
};

export const ADMIN_MESSAGES: GuardMessages = {
  none: 'The admin API needs the admin token, as "Authorization: Bearer …". It was shown at the first start; `dragoman admin-token reset` generates a new one.',
  wrong:
    'This is not the admin token. It was shown at the first start; `dragoman admin-token reset` generates a new one.',
  tooMany: 'Too many wrong admin tokens from this address. Wait a few seconds and try again.',
};

export const TICKET_MESSAGES: GuardMessages = {
  none: 'The request has no ticket.',
  wrong:
    'This link is not valid: it was used already, or its five minutes are over. `dragoman console` makes a new one.',
  tooMany: 'Too many wrong tickets from this address. Wait a few seconds and try again.',
};

/** A typing error is not delayed. Guessing gets through 16 keys a second. */
const FREE_GUESSES = 5;
const MAX_DELAY_MS = 2_000;
const MAX_WAITING = 32;
const FORGET_AFTER_MS = 600_000;
// As `maxSize`, not `max`: for the latter, lru-cache allocates all entries at once, 1 ms for each cache at every start.
const MAX_ADDRESSES = 10_000;
const MAX_ACCEPTED = 10_000;

interface Guess {
  wrong: number;
  waiting: number;
  lastMs: number;
}

/** Wrong keys by address; the oldest addresses are forgotten first. */
class Guesses {
  readonly #byAddress = new LRUCache<string, Guess>({ maxSize: MAX_ADDRESSES, sizeCalculation: () => 1 });
  readonly #clock: Clock;
  /** Of all addresses. */
  waiting = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isAnyWaiting(): boolean {
    return this.waiting > 0;
  }

  of(address: string): Guess {
    const nowMs = this.#clock.now();
    const known = this.#byAddress.get(addressNetwork(address));
    return known && nowMs - known.lastMs < FORGET_AFTER_MS ? known : { wrong: 0, waiting: 0, lastMs: nowMs };
  }

  remember(address: string, guess: Guess): void {
    const key = addressNetwork(address);
    guess.lastMs = this.#clock.now();
    this.#byAddress.set(key, guess);
  }
}
