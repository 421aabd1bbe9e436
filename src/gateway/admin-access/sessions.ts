/** Console sessions: opened with the admin token or a ticket, found by the cookie, ended by time or by logging out. */
import { createHmac } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { SessionStore, SignedInBy, StoredSession } from './ports.ts';
import { equalHashes, generateToken, readToken, sha256, writeToken } from './two-part-token.ts';

interface SessionLifetimes {
  /** A session ends this long after its last use. */
  readonly idleMs: number;
  /** A session ends this long after it was opened, whatever its use. */
  readonly totalMs: number;
}

export interface AdminSession {
  readonly id: string;
  readonly signedInBy: SignedInBy;
  readonly createdAtMs: number;
  /** When the session ends if it is not used again. */
  readonly idleUntilMs: number;
  /** When the session ends at the latest. */
  readonly expiresAtMs: number;
  /** Sent with every change, to show that the request comes from a page of this gateway. Not a secret of the cookie. */
  readonly csrfToken: string;
}

export interface AdminSessionsOptions {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly lifetimes: () => SessionLifetimes;
  /** SHA-256 of the admin token in effect. */
  readonly tokenHash: () => Promise<Uint8Array>;
}

const MAX_SESSIONS = 100;
const RECORD_USE_EVERY_MS = 60_000;

export class AdminSessions {
  readonly #options: AdminSessionsOptions;

  constructor(options: AdminSessionsOptions) {
    this.#options = options;
  }

  /** `cookie`: the only time that the secret is returned. Throws `storage_unavailable`. */
  async open(signedInBy: SignedInBy): Promise<{ readonly session: AdminSession; readonly cookie: string }> {
    const { store, clock, lifetimes } = this.#options;
    const token = generateToken();
    const nowMs = clock.now();
    const stored: StoredSession = {
      id: token.id,
      hash: await this.#hashOf(token.secret),
      signedInBy,
      createdAtMs: nowMs,
      usedAtMs: nowMs,
    };
    await store.add(stored, nowMs - lifetimes().idleMs, MAX_SESSIONS);
    return { session: this.#sessionOf(stored, token.secret), cookie: writeToken(token) };
  }

  /**
   * The session of a cookie; undefined if there is none, or it has ended. `isUse`: whether that keeps the session from
   * becoming idle. Throws `storage_unavailable`.
   */
  async find(cookie: string, isUse = true): Promise<AdminSession | undefined> {
    const token = readToken(cookie);
    if (!token) return undefined;
    const { store, clock } = this.#options;
    const stored = await store.find(token.id);
    const hash = await this.#hashOf(token.secret);
    if (!stored || !equalHashes(stored.hash, hash)) return undefined;
    const nowMs = clock.now();
    const session = this.#sessionOf(stored, token.secret);
    if (nowMs >= Math.min(session.idleUntilMs, session.expiresAtMs)) {
      await store.remove(stored.id);
      return undefined;
    }
    if (!isUse || nowMs - stored.usedAtMs < RECORD_USE_EVERY_MS) return session;
    await store.recordUse(stored.id, nowMs);
    return this.#sessionOf({ ...stored, usedAtMs: nowMs }, token.secret);
  }

  /** Returns the number of sessions that have ended. */
  async close(id: string): Promise<number> {
    return (await this.#options.store.remove(id)) ? 1 : 0;
  }

  /** Returns the number of sessions that have ended. */
  closeAll(): Promise<number> {
    return this.#options.store.removeAll();
  }

  async #hashOf(secret: string): Promise<Buffer> {
    return sha256(secret, await this.#options.tokenHash());
  }

  #sessionOf({ id, signedInBy, createdAtMs, usedAtMs }: StoredSession, secret: string): AdminSession {
    const { idleMs, totalMs } = this.#options.lifetimes();
    return {
      ...{ id, signedInBy, createdAtMs },
      idleUntilMs: usedAtMs + idleMs,
      expiresAtMs: createdAtMs + totalMs,
      csrfToken: createHmac('sha256', secret).update('csrf').digest('base64url'),
    };
  }
}
