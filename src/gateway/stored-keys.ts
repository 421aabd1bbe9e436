/** The stores of client API keys and of the admin token. Neither stores a secret, only hashes. */

/** Undefined: no limit. */
export interface KeyLimits {
  readonly requestsPerMinute: number | undefined;
  /** Requests whose answer has not ended. */
  readonly concurrency: number | undefined;
  /** Input and output tokens. */
  readonly tokensPerMinute: number | undefined;
  /** The service's charge, in credits; a day and a month begin at midnight UTC. */
  readonly creditsPerDay: number | undefined;
  readonly creditsPerMonth: number | undefined;
}

/** What the owner of the gateway decides about a key. */
export interface KeyFields extends KeyLimits {
  /** A label for people. */
  readonly name: string;
  readonly owner: string | undefined;
  readonly note: string | undefined;
  readonly enabled: boolean;
  readonly expiresAtMs: number | undefined;
  /** Patterns of model names; undefined: every model. */
  readonly models: readonly string[] | undefined;
  /** Only accounts of this group serve the key. */
  readonly group: string | undefined;
}

export interface StoredKey extends KeyFields {
  readonly id: string;
  /** The beginning of the key: enough to recognise it and to look it up. */
  readonly prefix: string;
  /** SHA-256 of the whole key. The key is random, so no slow password hash is needed. */
  readonly hash: Uint8Array;
  /** The secret that the current one has replaced. */
  readonly previous: PreviousSecret | undefined;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | undefined;
  /** Accurate to the minute. */
  readonly lastUsedAtMs: number | undefined;
}

export interface PreviousSecret {
  readonly prefix: string;
  readonly hash: Uint8Array;
  /** It is rejected from then on. */
  readonly validUntilMs: number;
}

/** Undefined leaves a field as it is; null clears it. */
export type KeyChange = {
  readonly [Field in keyof KeyFields]?:
    | KeyFields[Field]
    | (undefined extends KeyFields[Field] ? null : never)
    | undefined;
};

interface NewSecret {
  readonly prefix: string;
  readonly hash: Uint8Array;
  /** How long the replaced secret stays valid. */
  readonly previousValidUntilMs: number;
}

/** Every method may throw `storage_unavailable`. */
export interface KeyStore {
  list(): Promise<readonly StoredKey[]>;
  add(key: StoredKey): Promise<void>;
  /** Returns undefined if there is no such key, or it is revoked. */
  change(id: string, change: KeyChange): Promise<StoredKey | undefined>;
  /** Replaces the secret. Returns undefined if there is no such key, or it is revoked. */
  rotate(id: string, secret: NewSecret): Promise<StoredKey | undefined>;
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
