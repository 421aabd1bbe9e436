/** Opens the store: verifies the key against existing data before changing anything, then migrates the schema. */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { AccountStore, RegistrationStore } from '../accounts/ports.ts';
import type { SignInStore } from '../accounts/sign-in/pending.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { SessionStore, TicketStore } from '../gateway/admin-access/ports.ts';
import type { AlertStore } from '../gateway/alerts/ports.ts';
import type { AuditStore } from '../gateway/audit/ports.ts';
import type { KeyCounters } from '../gateway/key-limits/counters.ts';
import type { LedgerLimits, LedgerStore } from '../gateway/ledger/ledger-store.ts';
import type { ResponseLimits, ResponseStore } from '../gateway/response-store.ts';
import type { SettingStore } from '../gateway/setting-store.ts';
import type { AdminTokenStore, KeyStore } from '../gateway/stored-keys.ts';
import { DatabaseAccountStore } from './accounts.ts';
import { createSessionStore, createTicketStore } from './admin-sessions.ts';
import { createAdminTokenStore } from './admin-token.ts';
import { createAlertStore } from './alerts.ts';
import { createAuditStore } from './audit.ts';
import type { BackedUp, BackupSource } from './backup/backup.ts';
import { createKeyStore } from './client-keys.ts';
import type { Database } from './database.ts';
import { opensKeyCheck, putKeyCheck, readKeyCheck, verifyKeyCheck } from './key-check.ts';
import { createSharedCounters } from './key-counters.ts';
import { migrate } from './migrations.ts';
import { openDatabase } from './open-database.ts';
import { makePrivate } from './private-files.ts';
import { createRegistrationStore } from './registrations.ts';
import { DatabaseResponseStore } from './responses.ts';
import { withRetry } from './retry.ts';
import { type RotatedKey, rotateKey } from './rotate-key.ts';
import { createSeal, KEY_BYTES, type Seal } from './seal.ts';
import { adoptNextKey, keyFromSetting, makeHome, makeKeyFile, readKeyFile, readNextKey } from './secret-key.ts';
import { createSettingStore } from './settings.ts';
import { createSignInStore } from './sign-ins.ts';
import { createWriteCheck } from './write-check.ts';

export interface Store {
  /** Files that other users could read until the store was opened. */
  readonly madePrivate: readonly string[];
  readonly accounts: AccountStore;
  readonly registrations: RegistrationStore;
  readonly responses: ResponseStore;
  readonly signIns: SignInStore;
  readonly keys: KeyStore;
  /** The use of client keys, if replicas share this database; undefined: only processes of this machine use it. */
  readonly keyCounters: (() => Promise<KeyCounters>) | undefined;
  readonly adminToken: AdminTokenStore;
  readonly sessions: SessionStore;
  readonly tickets: TicketStore;
  readonly audit: AuditStore;
  readonly alerts: AlertStore;
  readonly settings: SettingStore;
  /** Rejects with `storage_unavailable`. The ledger has a `close` of its own. */
  openLedger(limits: LedgerLimits): Promise<LedgerStore>;
  /** Tests a write, at most twice a second. Rejects with `storage_unavailable`. */
  checkWritable(): Promise<void>;
  /**
   * Re-encrypts everything under a new key: `newKey`, a value for DRAGOMAN_SECRET_KEY, or without it a new key file
   * that replaces the current one. The store cannot be used afterwards.
   */
  rotateKey(newKey: string | undefined): Promise<RotatedKey>;
  /** Writes the lines of a backup of everything that outlives a process. Rejects with `storage_unavailable`, or as `write` does. */
  backUp(write: (line: string) => Promise<void>): Promise<BackedUp>;
  /**
   * Replaces everything with a backup, or changes nothing. Rejects with `storage_unavailable`, or with `invalid_request` for a
   * damaged backup and for one of another version.
   */
  restore(open: () => AsyncIterable<string>): Promise<BackedUp>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** `sqlite:path`, `sqlite::memory:` or `postgres://…`. */
  readonly url: string;
  /** The directory of a generated secret key. */
  readonly home: string;
  readonly secretKey: string | undefined;
  readonly clock: Clock;
  /** Limits on the number, size and age of stored responses. */
  readonly responses?: ResponseLimits;
}

/** Throws `storage_unavailable` with advice. A database sealed with another key is left unchanged. */
export async function openStore({
  url,
  home,
  secretKey,
  clock,
  responses = RESPONSE_LIMITS,
}: StoreOptions): Promise<Store> {
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1];
  const isFile = path !== undefined && path !== ':memory:';
  if (isFile && dirname(path) === home) makeHome(home);
  const madePrivate = isFile ? makePrivate(path, home) : [];
  const database = await openDatabase(url, clock);
  const { db } = database;
  try {
    const keyCheck = await withRetry(clock, async () =>
      (await database.hasTable('meta')) ? readKeyCheck(db) : undefined,
    );
    const seal = chooseSeal(secretKey, home, database, keyCheck);
    await withRetry(clock, async () => {
      await database.prepare();
      await migrate(database, clock.now());
      await putKeyCheck(db, seal);
    });
    // If two processes opened an empty database at once, only one wrote its key check value; this key may differ.
    const written = await withRetry(clock, () => readKeyCheck(db));
    if (written) verifyKeyCheck(seal, written);
    const openLedger = async (limits: LedgerLimits) => {
      const { openLedgerStore } = await import('./ledger/open.ts');
      return openLedgerStore({ database, path, home, seal, limits });
    };
    return {
      madePrivate,
      accounts: new DatabaseAccountStore(database, seal),
      registrations: createRegistrationStore(database, seal),
      responses: new DatabaseResponseStore(database, seal, responses),
      signIns: createSignInStore(database, seal),
      keys: createKeyStore(database),
      keyCounters: database.isShared ? () => createSharedCounters(database) : undefined,
      adminToken: createAdminTokenStore(database),
      sessions: createSessionStore(database),
      tickets: createTicketStore(database),
      audit: createAuditStore(database),
      alerts: createAlertStore(database),
      settings: createSettingStore(database, seal),
      openLedger,
      checkWritable: createWriteCheck(database),
      rotateKey: (newKey) => rotateKey({ database, seal, home, path, hasKeyFile: secretKey === undefined }, newKey),
      ...backupsOf({ database, seal, path }, openLedger),
      close: () => database.close(),
    };
  } catch (cause) {
    await database.close();
    throw cause;
  }
}

/** The defaults. */
const RESPONSE_LIMITS: ResponseLimits = { count: 1_000, bytes: 256 * 1024 * 1024, ageMs: 30 * 86_400_000 };

function backupsOf(source: BackupSource, openLedger: Store['openLedger']): Pick<Store, 'backUp' | 'restore'> {
  return {
    async backUp(write) {
      const { backUp } = await import('./backup/backup.ts');
      return backUp(source, write);
    },
    async restore(open) {
      const [{ restore }, ledger] = await Promise.all([import('./backup/backup.ts'), openLedger(UNLIMITED)]);
      // Opened for its tables alone.
      await ledger.endWriting();
      await ledger.close();
      return restore(source, open);
    },
  };
}

/** What is restored is cut by the gateway that serves it. */
const UNLIMITED: LedgerLimits = {
  rows: Number.POSITIVE_INFINITY,
  days: Number.POSITIVE_INFINITY,
  textBytes: Number.POSITIVE_INFINITY,
};

function chooseSeal(
  secretKey: string | undefined,
  home: string,
  { isInMemory }: Database,
  keyCheck: Uint8Array | undefined,
): Seal {
  if (secretKey !== undefined) return checked(createSeal(keyFromSetting(secretKey)), keyCheck);
  if (isInMemory) return createSeal(randomBytes(KEY_BYTES));
  const key = readKeyFile(home);
  if (!key && !keyCheck) return createSeal(makeKeyFile(home));
  if (key && (!keyCheck || opensKeyCheck(createSeal(key), keyCheck))) return createSeal(key);
  // A rotation was interrupted after the database had the new key but before the key file had.
  const next = readNextKey(home);
  if (next && keyCheck && opensKeyCheck(createSeal(next), keyCheck)) {
    adoptNextKey(home);
    return createSeal(next);
  }
  if (key) return checked(createSeal(key), keyCheck);
  throw new GatewayError(
    'storage_unavailable',
    `The database is encrypted and its key is missing: DRAGOMAN_SECRET_KEY is not set and ${home} has no key file. ` +
      'Restore the key, or move the database away and sign in again.',
  );
}

function checked(seal: Seal, keyCheck: Uint8Array | undefined): Seal {
  if (keyCheck) verifyKeyCheck(seal, keyCheck);
  return seal;
}
