/** The stores of console sessions and one-time tickets. Neither stores a secret, only hashes. */

/** How a session was opened. */
export type SignedInBy = 'token' | 'ticket';

export interface StoredSession {
  /** Public: the part of the cookie that finds the row. */
  readonly id: string;
  /** SHA-256 of the session's secret and of the admin token's hash, so that a new admin token ends every session. */
  readonly hash: Uint8Array;
  readonly signedInBy: SignedInBy;
  readonly createdAtMs: number;
  /** Accurate to the minute. */
  readonly usedAtMs: number;
}

/** Every method may throw `storage_unavailable`. */
export interface SessionStore {
  find(id: string): Promise<StoredSession | undefined>;
  /** Also removes sessions last used before `unusedSinceMs` and, beyond `max`, those with the oldest use. */
  add(session: StoredSession, unusedSinceMs: number, max: number): Promise<void>;
  /** Never replaces a later time by an earlier one. */
  recordUse(id: string, usedAtMs: number): Promise<void>;
  /** Returns false if there is no such session. */
  remove(id: string): Promise<boolean>;
  /** Returns how many there were. */
  removeAll(): Promise<number>;
}

interface StoredTicket {
  readonly id: string;
  /** SHA-256 of the ticket's secret. */
  readonly hash: Uint8Array;
  readonly expiresAtMs: number;
}

/** Every method may throw `storage_unavailable`. */
export interface TicketStore {
  find(id: string): Promise<StoredTicket | undefined>;
  /** Also removes tickets that expired before `nowMs` and, beyond `max`, those that expire first. */
  add(ticket: StoredTicket, nowMs: number, max: number): Promise<void>;
  /** Returns false if there is no such ticket: of two processes that take the same ticket, one gets true. */
  remove(id: string): Promise<boolean>;
  removeAll(): Promise<void>;
}
