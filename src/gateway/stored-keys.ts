/** Client API keys which are made here: what is kept of them, and who keeps it. The secret itself is kept by nobody. */

export interface StoredKey {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** How the key begins: enough to tell it from others, and to find it by. */
  readonly prefix: string;
  /** SHA-256 of the whole key; it is as random as the hash, so nothing slower is needed. */
  readonly hash: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
  /** To the minute. */
  readonly lastUsedAtMs: number | undefined;
}

/** Every method may throw `storage_unavailable`. */
export interface KeyStore {
  list(): Promise<readonly StoredKey[]>;
  add(key: StoredKey): Promise<void>;
  /** undefined when there is none of that id. Revoked already, it stays revoked since then. */
  revoke(id: string, nowMs: number): Promise<StoredKey | undefined>;
  /** False when there is none of that id. */
  remove(id: string): Promise<boolean>;
  /** By id: when it was last used, as far as this process knows. */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>;
  /** Changes when another process has written; cheap enough to ask before each request. */
  changeMark(): number;
  /** The same as of now, by asking the server; NaN while changes cannot be noticed. */
  latestChangeMark(): Promise<number>;
}

/** The admin token of a gateway which made its own: its hash alone. */
export interface AdminTokenStore {
  find(): Promise<Uint8Array | undefined>;
  /** The one which is kept: this one, or another process's which was faster. */
  keep(hash: Uint8Array): Promise<Uint8Array>;
  replace(hash: Uint8Array): Promise<void>;
}
