/** The audit trail: who changed what and when, without secrets. */

/** Who made a change. Addresses are those of the connection: behind a reverse proxy, the proxy's. */
export type AuditActor =
  | { readonly type: 'token'; readonly address: string }
  | {
      readonly type: 'session';
      readonly session: string;
      readonly signedInBy: 'token' | 'ticket';
      readonly address: string;
    }
  /** A command on a machine that can open the database. */
  | { readonly type: 'command'; readonly user: string; readonly machine: string };

/** A route of the admin API without a name of its own is recorded as its method and path. */
export type AuditAction =
  | 'account.add'
  | 'account.change'
  | 'account.forget'
  | 'account.refresh'
  | 'account.remove'
  | 'account.reset-learned'
  | 'account.restore'
  | 'admin-token.reset'
  | 'database.restore'
  | 'key.change'
  | 'key.create'
  | 'key.forget'
  | 'key.revoke'
  | 'key.rotate'
  | 'proxy.test'
  | 'secret-key.rotate'
  | 'session.close'
  | 'session.close-all'
  | 'session.open'
  | 'settings.change'
  | 'sign-in.start'
  | 'ticket.create'
  | 'webhook.test'
  | `${'POST' | 'PUT' | 'PATCH' | 'DELETE'} /v2/${string}`;

/** One field before and after: JSON values of what the admin API shows, so without secrets. */
export interface AuditChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface AuditRecord {
  readonly actor: AuditActor;
  readonly action: AuditAction;
  /** The id of what was changed. */
  readonly target: string | undefined;
  readonly changes: readonly AuditChange[];
}

export interface AuditEntry extends AuditRecord {
  readonly id: string;
  readonly atMs: number;
}

/** The place of an entry in the order: later entries of the list come after it. */
export type AuditPlace = Pick<AuditEntry, 'id' | 'atMs'>;

/** Every method may throw `storage_unavailable`. */
export interface AuditStore {
  add(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  list(limit: number, after: AuditPlace | undefined): Promise<readonly AuditEntry[]>;
  /** Removes entries made before `beforeMs`, and the oldest beyond `max`. */
  prune(beforeMs: number, max: number): Promise<void>;
}
