/** Finds the API key or the admin token in a request, checks it, and slows down whoever guesses. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';

/** Whatever the API: SDKs of both vendors have used both headers, and Azure's name lives on in editors. */
function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? single(headers['x-api-key']) ?? single(headers['api-key']);
}

function single(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  return value?.trim() || undefined;
}

/** Answers who presents it, or undefined for a key nobody has been given. May throw `unauthorized` with a better reason. */
type KeyCheck = (presented: string) => Promise<string | undefined> | string | undefined;

/** What somebody hears who has none, a wrong one, or has tried too many. */
interface GuardWords {
  readonly none: string;
  readonly wrong: string;
  readonly tooMany: string;
}

export class KeyGuard {
  readonly #check: KeyCheck;
  readonly #words: GuardWords;
  readonly #guesses: Guesses;
  readonly #accepted = new Accepted();
  readonly #clock: Clock;

  constructor(check: KeyCheck, clock: Clock, words: GuardWords = KEY_WORDS) {
    this.#check = check;
    this.#clock = clock;
    this.#words = words;
    this.#guesses = new Guesses(clock);
  }

  /** The client's id. Rejects with GatewayError `unauthorized` or, to the stubborn, `rate_limited`. */
  async identify(headers: IncomingHttpHeaders, address: string): Promise<string> {
    const key = presentedKey(headers);
    if (key === undefined) throw new GatewayError('unauthorized', this.#words.none);
    const hash = createHash('sha256').update(key).digest('base64');
    // While this many wrong keys of one address are being held back, no further one is even looked at, unless it was
    // right before: everybody behind one reverse proxy has the same address.
    if (this.#guesses.of(address).waiting >= MAX_WAITING && !this.#accepted.has(hash)) throw this.#tooMany();
    const client = await this.#checked(key, hash);
    if (client !== undefined) return client;
    await this.#holdBack(address);
    throw new GatewayError('unauthorized', this.#words.wrong);
  }

  /** A key which was right once and is not any more is a guess like any other. */
  async #checked(key: string, hash: string): Promise<string | undefined> {
    let client: string | undefined;
    try {
      client = await this.#check(key);
      return client;
    } finally {
      if (client === undefined) this.#accepted.forget(hash);
      else this.#accepted.note(hash);
    }
  }

  async #holdBack(address: string): Promise<void> {
    const guess = this.#guesses.of(address);
    // Others have come while the key was looked up.
    if (guess.waiting >= MAX_WAITING) throw this.#tooMany();
    guess.wrong += 1;
    this.#guesses.remember(address, guess);
    const delayMs = guess.wrong <= FREE_GUESSES ? 0 : Math.min(MAX_DELAY_MS, 50 * 2 ** (guess.wrong - FREE_GUESSES));
    if (delayMs === 0) return;
    guess.waiting += 1;
    try {
      await this.#clock.sleep(delayMs);
    } finally {
      guess.waiting -= 1;
    }
  }

  #tooMany(): GatewayError {
    return new GatewayError('rate_limited', this.#words.tooMany, { retryAfterMs: MAX_DELAY_MS });
  }
}

const KEY_WORDS: GuardWords = {
  none: 'No API key was sent. Send one of this gateway as "Authorization: Bearer …" or "x-api-key: …".',
  wrong: 'This API key is not one of this gateway (DRAGOMAN_API_KEYS, `dragoman keys list`).',
  tooMany: 'Too many wrong API keys came from this address; wait a little.',
};

export const ADMIN_WORDS: GuardWords = {
  none: 'The admin API needs the admin token, as "Authorization: Bearer …". It was shown at the first start; DRAGOMAN_ADMIN_TOKEN sets another.',
  wrong: 'This is not the admin token. It was shown at the first start; DRAGOMAN_ADMIN_TOKEN sets another.',
  tooMany: 'Too many wrong admin tokens came from this address; wait a little.',
};

/** Somebody who mistypes is not slowed; somebody who tries a list of words gets through 16 of them a second. */
const FREE_GUESSES = 5;
const MAX_DELAY_MS = 2_000;
const MAX_WAITING = 32;
const FORGET_AFTER_MS = 600_000;
const MAX_ADDRESSES = 10_000;
const MAX_ACCEPTED = 10_000;

/** Hashes of the keys which were right most recently. Whether one still is, is for the check to say. */
class Accepted {
  readonly #hashes = new Set<string>();

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  note(hash: string): void {
    this.#hashes.delete(hash);
    this.#hashes.add(hash);
    if (this.#hashes.size <= MAX_ACCEPTED) return;
    const oldest = this.#hashes.keys().next();
    if (!oldest.done) this.#hashes.delete(oldest.value);
  }

  forget(hash: string): void {
    this.#hashes.delete(hash);
  }
}

interface Guess {
  wrong: number;
  waiting: number;
  lastMs: number;
}

/** Wrong keys by address; the oldest addresses are forgotten first. */
class Guesses {
  readonly #byAddress = new Map<string, Guess>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(address: string): Guess {
    const nowMs = this.#clock.now();
    const known = this.#byAddress.get(networkOf(address));
    return known && nowMs - known.lastMs < FORGET_AFTER_MS ? known : { wrong: 0, waiting: 0, lastMs: nowMs };
  }

  remember(address: string, guess: Guess): void {
    const key = networkOf(address);
    guess.lastMs = this.#clock.now();
    this.#byAddress.delete(key);
    this.#byAddress.set(key, guess);
    if (this.#byAddress.size > MAX_ADDRESSES) {
      const oldest = this.#byAddress.keys().next();
      if (!oldest.done) this.#byAddress.delete(oldest.value);
    }
  }
}

/** One customer usually has a whole IPv6 /64. */
function networkOf(address: string): string {
  return address.includes(':') && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address;
}
