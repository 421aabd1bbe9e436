/** Accounts in the database: the encrypted credential in one column, everything that is not secret beside it. */
import type { Kysely, Selectable, Updateable } from 'kysely';
import type { Health } from '../accounts/health.ts';
import { type AccountOptions, DEFAULT_OPTIONS } from '../accounts/options.ts';
import type {
  Account,
  AccountStore,
  DiscardedAccount,
  LearnedFacts,
  NewAccount,
  OwnersChoice,
  Secrets,
} from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import type { RuleReadings } from '../core/learned-facts.ts';
import type { Database } from './database.ts';
import { checkStillOurs } from './key-check.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';
import type { Seal } from './seal.ts';

export class DatabaseAccountStore implements AccountStore {
  readonly #database: Database;
  readonly #seal: Seal;

  constructor(database: Database, seal: Seal) {
    this.#database = database;
    this.#seal = seal;
  }

  changeMark(): number {
    return this.#database.changeMark();
  }

  latestChangeMark(): Promise<number> {
    return this.#database.latestChangeMark();
  }

  exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#database.lock([refreshLock(id)], work);
  }

  find(id: string): Promise<Account | undefined> {
    return this.#retried(async (db) => this.#accountOf(await rowOf(db, id)));
  }

  list(): Promise<readonly Account[]> {
    return this.#retried(async (db) => {
      const kept = db.selectFrom('accounts').selectAll().where('discarded_at_ms', 'is', null);
      const rows = await kept.orderBy('created_at_ms').orderBy('id').execute();
      return rows.map((row) => toAccount(row, this.#seal));
    });
  }

  put(account: NewAccount, nowMs: number): Promise<Account> {
    return this.#inTransaction(async (transaction) => {
      const { id } = account;
      // An account in the trash is not replaced: the new one has no counters and no options.
      await transaction.deleteFrom('accounts').where('id', '=', id).where('discarded_at_ms', 'is not', null).execute();
      const replaced = this.#accountOf(await rowOf(transaction, id));
      const proxy = 'proxy' in account ? account.proxy : replaced?.proxy;
      const changed = {
        ...columnsOf(account),
        sealed: sealSecrets(this.#seal, id, account, proxy),
        updated_at_ms: nowMs,
      };
      const row = await transaction
        .insertInto('accounts')
        .values({ id, created_at_ms: nowMs, ...changed })
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet({ ...changed, version: (eb) => eb('accounts.version', '+', 1) }),
        )
        .returningAll()
        .executeTakeFirstOrThrow();
      return toAccount(row, this.#seal);
    });
  }

  saveSecrets(account: Account, secrets: Secrets, nowMs: number): Promise<Account | undefined> {
    return this.#retried(async (db) => {
      const sealed = sealSecrets(this.#seal, account.id, secrets, account.proxy);
      const { kind } = secrets.credential;
      return this.#accountOf(await updateVersion(db, account, { kind, sealed, updated_at_ms: nowMs }));
    });
  }

  changeHealth(id: string, change: (stored: Health) => Health, nowMs: number): Promise<Health | undefined> {
    return this.#changeColumn(id, 'health', nowMs, parseHealth, change);
  }

  addClosingEvents(id: string, wireProfile: string, nowMs: number): Promise<LearnedFacts | undefined> {
    return this.#changeLearned(id, nowMs, (learned) => {
      const known = learned.closingEvents ?? [];
      return known.includes(wireProfile) ? learned : { ...learned, closingEvents: [...known, wireProfile] };
    });
  }

  saveLearned(id: string, facts: LearnedFacts, nowMs: number): Promise<LearnedFacts | undefined> {
    return this.#changeLearned(id, nowMs, (learned) => ({ ...learned, ...facts }));
  }

  saveReadings(
    id: string,
    wireProfile: string,
    readings: RuleReadings,
    nowMs: number,
  ): Promise<LearnedFacts | undefined> {
    return this.#changeLearned(id, nowMs, (learned) => {
      const merged = { readings: { ...learned.readings?.[wireProfile]?.readings, ...readings }, atMs: nowMs };
      return { ...learned, readings: { ...learned.readings, [wireProfile]: merged } };
    });
  }

  forgetLearned(id: string, nowMs: number): Promise<LearnedFacts | undefined> {
    return this.#changeLearned(id, nowMs, ({ lastRefresh }) => (lastRefresh === undefined ? {} : { lastRefresh }));
  }

  saveProxy(id: string, proxy: string | undefined, nowMs: number): Promise<Account | undefined> {
    return this.#inTransaction(async (transaction) => {
      const account = this.#accountOf(await rowOf(transaction, id));
      if (!account) return undefined;
      const sealed = sealSecrets(this.#seal, id, account, proxy);
      const saved = await updateVersion(transaction, account, { sealed, updated_at_ms: nowMs });
      if (saved) return toAccount(saved, this.#seal);
      throw new GatewayError('storage_unavailable', 'Another process changed the account at the same time. Try again.');
    });
  }

  /** Compares with the values that were read, like `#changeColumn`. */
  changeOptions(
    id: string,
    change: (known: OwnersChoice) => OwnersChoice,
    nowMs: number,
  ): Promise<Account | undefined> {
    return this.#retried(async (db) => {
      for (;;) {
        const row = await rowOf(db, id);
        if (!row) return undefined;
        const { label, options } = change({ label: row.label, options: parseOptions(row.options) });
        const changed = await db
          .updateTable('accounts')
          .set({ label, options: JSON.stringify(options), updated_at_ms: nowMs })
          .where('id', '=', id)
          .where('label', '=', row.label)
          .where('options', '=', row.options)
          .returningAll()
          .executeTakeFirst();
        if (changed) return toAccount(changed, this.#seal);
      }
    });
  }

  remove(id: string): Promise<boolean> {
    return this.#retried(async (db) => {
      const { numDeletedRows } = await db.deleteFrom('accounts').where('id', '=', id).executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }

  discard(id: string, nowMs: number): Promise<boolean> {
    return this.#retried(async (db) => {
      const update = db.updateTable('accounts').set({ discarded_at_ms: nowMs, updated_at_ms: nowMs });
      const { numUpdatedRows } = await update
        .where('id', '=', id)
        .where('discarded_at_ms', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  restore(id: string, sinceMs: number, nowMs: number): Promise<Account | undefined> {
    return this.#retried(async (db) => {
      const update = db.updateTable('accounts').set({ discarded_at_ms: null, updated_at_ms: nowMs });
      const restored = update.where('id', '=', id).where('discarded_at_ms', '>=', sinceMs).returningAll();
      return this.#accountOf(await restored.executeTakeFirst());
    });
  }

  listDiscarded(sinceMs: number): Promise<readonly DiscardedAccount[]> {
    return this.#retried(async (db) => {
      const discarded = db.selectFrom('accounts').select(['id', 'label', 'kind', 'discarded_at_ms']);
      const rows = await discarded
        .where('discarded_at_ms', '>=', sinceMs)
        .orderBy('discarded_at_ms', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(({ id, label, kind, discarded_at_ms }) => {
        // Only this file writes the column.
        return { id, label, kind: kind as DiscardedAccount['kind'], discardedAtMs: discarded_at_ms ?? sinceMs };
      });
    });
  }

  async purgeDiscarded(beforeMs: number): Promise<void> {
    await this.#retried((db) => db.deleteFrom('accounts').where('discarded_at_ms', '<', beforeMs).execute());
  }

  #changeLearned(
    id: string,
    nowMs: number,
    change: (learned: LearnedFacts) => LearnedFacts,
  ): Promise<LearnedFacts | undefined> {
    return this.#changeColumn(id, 'learned', nowMs, parseLearned, change);
  }

  /** Compares with the value that was read, so that of two processes writing at the same time neither loses a change. */
  #changeColumn<Value>(
    id: string,
    column: 'learned' | 'health',
    nowMs: number,
    parse: (json: string) => Value,
    change: (value: Value) => Value,
  ): Promise<Value | undefined> {
    return this.#retried(async (db) => {
      for (;;) {
        const row = await db.selectFrom('accounts').select(column).where('id', '=', id).executeTakeFirst();
        if (!row) return undefined;
        const before = parse(row[column]);
        const after = change(before);
        if (after === before) return before;
        const { numUpdatedRows } = await db
          .updateTable('accounts')
          .set({ [column]: JSON.stringify(after), updated_at_ms: nowMs })
          .where('id', '=', id)
          .where(column, '=', row[column])
          .executeTakeFirstOrThrow();
        if (numUpdatedRows > 0n) return after;
      }
    });
  }

  #retried<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    return withRetry(this.#database.clock, () => work(this.#database.db));
  }

  /** For writes that replace what is encrypted: refused after the key was changed by another process. */
  #inTransaction<T>(work: (transaction: Connection) => Promise<T>): Promise<T> {
    return this.#retried((db) =>
      db.transaction().execute(async (transaction) => {
        await checkStillOurs(transaction, this.#seal);
        return work(transaction);
      }),
    );
  }

  #accountOf(row: Row | undefined): Account | undefined {
    return row && toAccount(row, this.#seal);
  }
}

type Connection = Kysely<Tables>;
type Row = Selectable<Tables['accounts']>;

function rowOf(db: Connection, id: string): Promise<Row | undefined> {
  const rows = db.selectFrom('accounts').selectAll().where('id', '=', id);
  return rows.where('discarded_at_ms', 'is', null).executeTakeFirst();
}

/** undefined if another process has written the account since it was read. */
function updateVersion(
  db: Connection,
  { id, version }: Pick<Account, 'id' | 'version'>,
  changed: Updateable<Tables['accounts']>,
): Promise<Row | undefined> {
  return db
    .updateTable('accounts')
    .set({ ...changed, version: version + 1 })
    .where('id', '=', id)
    .where('version', '=', version)
    .returningAll()
    .executeTakeFirst();
}

function columnsOf({ credential, label, source, health, options }: NewAccount) {
  return {
    kind: credential.kind,
    label,
    source: JSON.stringify(source),
    health: JSON.stringify(health),
    ...(options === undefined ? {} : { options: JSON.stringify(options) }),
  };
}

function sealSecrets(
  seal: Seal,
  id: string,
  { credential, accessToken, consumedTokens }: Secrets,
  proxy: string | undefined,
): Uint8Array {
  const stored: Sealed = { credential, accessToken, spent: consumedTokens, proxy };
  return seal.close(placeOfAccount(id), JSON.stringify(stored));
}

/** What the encrypted column holds. */
interface Sealed extends Pick<Secrets, 'credential' | 'accessToken'> {
  /** `consumedTokens` under its stored name. */
  readonly spent?: readonly string[] | undefined;
  readonly proxy?: string | undefined;
}

export function placeOfAccount(id: string): string {
  return `accounts/${id}`;
}

/** The lock that a process holds while it refreshes an access token. */
export function refreshLock(id: string): string {
  return `refresh ${id}`;
}

/** Only this file writes the column, so the cast is safe. */
function parseLearned(json: string): LearnedFacts {
  return JSON.parse(json) as LearnedFacts;
}

/** Only this file writes the column, so the cast is safe. */
function parseHealth(json: string): Health {
  return JSON.parse(json) as Health;
}

/** Earlier versions stored fewer of them. */
function parseOptions(json: string): AccountOptions {
  return { ...DEFAULT_OPTIONS, ...(JSON.parse(json) as Partial<AccountOptions>) };
}

function toAccount(row: Row, seal: Seal): Account {
  // Only this file writes the JSON columns and the sealed one, whose seal proves it.
  const { credential, accessToken, spent, proxy } = JSON.parse(seal.open(placeOfAccount(row.id), row.sealed)) as Sealed;
  return {
    id: row.id,
    label: row.label,
    source: JSON.parse(row.source) as Account['source'],
    credential,
    accessToken,
    ...(spent === undefined ? {} : { consumedTokens: spent }),
    ...(proxy === undefined ? {} : { proxy }),
    version: row.version,
    health: parseHealth(row.health),
    learned: parseLearned(row.learned),
    options: parseOptions(row.options),
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
