/** The tables as the newest migration leaves them. */
import type { Generated } from 'kysely';

export interface Tables {
  accounts: {
    id: string;
    kind: string;
    label: string;
    /** JSON of AccountSource. */
    source: string;
    /** Credential and access token. */
    sealed: Uint8Array;
    version: Generated<number>;
    /** JSON of Health. */
    health: string;
    /** JSON of AccountOptions; missing options have their defaults. */
    options: Generated<string>;
    /** JSON of LearnedFacts. */
    learned: Generated<string>;
    created_at_ms: number;
    updated_at_ms: number;
    /** When it was moved to the trash; null: it was not. */
    discarded_at_ms: Generated<number | null>;
  };
  client_registrations: {
    id: string;
    sealed: Uint8Array;
    expires_at_ms: number;
    updated_at_ms: number;
  };
  sign_ins: {
    id: string;
    sealed: Uint8Array;
    expires_at_ms: number;
    updated_at_ms: number;
  };
  responses: {
    id: string;
    /** The client that owns the response. */
    client: string;
    /** The conversation and the response. */
    sealed: Uint8Array;
    /** Length of `sealed`. */
    bytes: number;
    state: string;
    alive_until_ms: number;
    used_at_ms: number;
  };
  client_keys: {
    id: string;
    name: string;
    /** The first characters of the key. */
    prefix: string;
    /** SHA-256 of the whole key. */
    hash: Uint8Array;
    created_at_ms: number;
    expires_at_ms: number | null;
    revoked_at_ms: number | null;
    last_used_at_ms: number | null;
    owner: string | null;
    note: string | null;
    /** 0 or 1. */
    enabled: Generated<number>;
    /** JSON, an array of patterns; null: every model. */
    models: string | null;
    account_group: string | null;
    requests_per_minute: number | null;
    concurrency: number | null;
    tokens_per_minute: number | null;
    credits_per_day: number | null;
    credits_per_month: number | null;
    /** Of the secret that the current one has replaced. */
    previous_prefix: string | null;
    previous_hash: Uint8Array | null;
    previous_valid_until_ms: number | null;
  };
  admin_sessions: {
    id: string;
    /** SHA-256 of the secret in the cookie and of the admin token's hash. */
    hash: Uint8Array;
    signed_in_by: string;
    created_at_ms: number;
    used_at_ms: number;
  };
  admin_tickets: {
    id: string;
    /** SHA-256 of the secret in the link. */
    hash: Uint8Array;
    expires_at_ms: number;
  };
  settings: {
    /** The name of the environment variable. */
    id: string;
    sealed: Uint8Array;
    updated_at_ms: number;
  };
  alerts: {
    id: string;
    type: string;
    severity: string;
    /** JSON of AlertSubject. */
    subject: string | null;
    message: string;
    began_at_ms: number;
    ended_at_ms: number | null;
  };
  /** Work that one process at a time does for all. */
  leases: { name: string; holder: string; until_ms: number };
  audit: {
    id: string;
    at_ms: number;
    /** JSON of AuditActor. */
    actor: string;
    action: string;
    target: string | null;
    /** JSON of AuditChange[]. */
    changes: string;
  };
  /** The windows of rate-limiter-flexible, whose queries name no columns: their order counts. */
  key_windows: { key: string; points: number; expire: number | null };
  /** Open requests of client keys. */
  key_slots: { key_id: string; number: number; process: string; until_ms: number };
  meta: { key: string; value: Uint8Array };
  migrations: { number: number; name: string; applied_at_ms: number };
}

/** Column types: milliseconds need more than 32 bits. */
export interface ColumnTypes {
  readonly bytes: 'blob' | 'bytea';
  readonly integer: 'integer' | 'bigint';
}
