/** The stores of client API keys and of the admin token. Neither stores a secret, only hashes. */

export interface StoredKey {
  readonly id: string;
  /** A label for people. */
  readonly name: string;
  /** The beginning of the key: enough to recognise it and to look it up. */
  readonly prefix: string;
  /** SHA-256 of the whole key. The key is random, so no slow password hash is needed. */
  readonly hash: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
  /** Accurate to the minute. */
  readonly lastUsedAtMs: number | undefined;
}

/** Every method may throw `storage_unavailable`. */
export interface KeyStore {
  list(): Promise<readonly StoredKey[]>;
  add(key: StoredKey): Promise<void>;
  /** Returns undefined if there is no such key. A revoked key keeps its first time of revocation. */
  revoke(id: string, nowMs: number): Promise<StoredKey | undefined>;
  /** Returns false if there is no such key. */
  remove(id: string): Promise<boolean>;
  /** Saves the last use of each key, by id, as far as this process knows it. */
  recordUses(uses: ReadonlyMap<string, number>): Promise<void>;
  /** Changes when another process has written. Cheap enough to read before each request. */
  changeMark(): number;
  /** Like `changeMark`, but up to date: queries the server. NaN while changes cannot be detected. */
  latestChangeMark(): Promise<number>;
}

/** The hash of a generated admin token. */
export interface AdminTokenStore {
  find(): Promise<Uint8Array | undefined>;
  /** Returns the hash that is stored: this one, or that of another process that was faster. */
  putIfAbsent(hash: Uint8Array): Promise<Uint8Array>;
  replace(hash: Uint8Array): Promise<void>;
}
