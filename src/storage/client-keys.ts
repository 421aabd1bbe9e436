/** Stores client API keys as hashes. */
import type { Insertable, Selectable, Updateable, UpdateQueryBuilder, UpdateResult } from 'kysely';
import type { KeyChange, KeyStore, PreviousSecret, StoredKey } from '../gateway/stored-keys.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';

export function createKeyStore(database: Database): KeyStore {
  const { db, clock } = database;
  return {
    changeMark: () => database.changeMark(),
    latestChangeMark: () => database.latestChangeMark(),
    ...createChanges(database),

    list: () =>
      withRetry(clock, async () => {
        const rows = await db.selectFrom('client_keys').selectAll().orderBy('created_at_ms').orderBy('id').execute();
        return rows.map(toKey);
      }),

    add: (key) => withRetry(clock, async () => void (await db.insertInto('client_keys').values(toRow(key)).execute())),

    remove: (id) =>
      withRetry(clock, async () => {
        const { numDeletedRows } = await db.deleteFrom('client_keys').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),

    // In the same order in every process, so that two of them cannot deadlock.
    recordUses: (uses) =>
      withRetry(clock, () =>
        database.withoutSync(async (transaction) => {
          for (const [id, usedAtMs] of [...uses].sort(([a], [b]) => (a < b ? -1 : 1))) {
            await transaction
              .updateTable('client_keys')
              .set({ last_used_at_ms: usedAtMs })
              .where('id', '=', id)
              .where((where) =>
                where.or([where('last_used_at_ms', 'is', null), where('last_used_at_ms', '<', usedAtMs)]),
              )
              .execute();
          }
        }),
      ),
  };
}

function createChanges({ db, clock }: Database): Pick<KeyStore, 'change' | 'rotate' | 'revoke'> {
  const find = async (id: string): Promise<StoredKey | undefined> => {
    const row = await db.selectFrom('client_keys').selectAll().where('id', '=', id).executeTakeFirst();
    return row && toKey(row);
  };
  /** Changes the key unless it is revoked; returns the number of rows changed. */
  const update = async (id: string, set: (query: UpdateQuery) => UpdateQuery): Promise<bigint> => {
    const query = db.updateTable('client_keys').where('id', '=', id).where('revoked_at_ms', 'is', null);
    return (await set(query).executeTakeFirst()).numUpdatedRows;
  };
  const changed = (id: string, set: (query: UpdateQuery) => UpdateQuery) =>
    withRetry(clock, async () => ((await update(id, set)) === 0n ? undefined : find(id)));
  return {
    // A query that sets no column is invalid, so it sets the id too.
    change: (id, change) => changed(id, (query) => query.set({ ...changedColumns(change), id })),

    rotate: (id, { prefix, hash, previousValidUntilMs }) =>
      changed(id, (query) =>
        // The references are to the values before the update, so that two rotations at once do not lose a secret's end.
        query.set(({ ref }) => ({
          prefix,
          hash,
          previous_prefix: ref('prefix'),
          previous_hash: ref('hash'),
          previous_valid_until_ms: previousValidUntilMs,
        })),
      ),

    revoke: (id, nowMs) =>
      withRetry(clock, async () => {
        await update(id, (query) => query.set({ revoked_at_ms: nowMs }));
        return find(id);
      }),
  };
}

type UpdateQuery = UpdateQueryBuilder<Tables, 'client_keys', 'client_keys', UpdateResult>;
type Row = Selectable<Tables['client_keys']>;

function toKey(row: Row): StoredKey {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner ?? undefined,
    note: row.note ?? undefined,
    prefix: row.prefix,
    hash: row.hash,
    previous: previousOf(row),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
    enabled: row.enabled !== 0,
    models: row.models === null ? undefined : readPatterns(row.models),
    group: row.account_group ?? undefined,
    requestsPerMinute: row.requests_per_minute ?? undefined,
    concurrency: row.concurrency ?? undefined,
    tokensPerMinute: row.tokens_per_minute ?? undefined,
    creditsPerDay: row.credits_per_day ?? undefined,
    creditsPerMonth: row.credits_per_month ?? undefined,
  };
}

function previousOf({ previous_prefix, previous_hash, previous_valid_until_ms }: Row): PreviousSecret | undefined {
  if (previous_prefix === null || previous_hash === null || previous_valid_until_ms === null) return undefined;
  return { prefix: previous_prefix, hash: previous_hash, validUntilMs: previous_valid_until_ms };
}

/** Allows no model if the text is not a list: a damaged row must not widen what the key may do. */
function readPatterns(json: string): readonly string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter((pattern) => typeof pattern === 'string') : [];
}

function toRow(key: StoredKey): Insertable<Tables['client_keys']> {
  const { id, name, prefix, hash, previous } = key;
  return {
    ...{ id, name, prefix, hash },
    owner: key.owner ?? null,
    note: key.note ?? null,
    enabled: Number(key.enabled),
    expires_at_ms: key.expiresAtMs ?? null,
    models: key.models ? JSON.stringify(key.models) : null,
    account_group: key.group ?? null,
    requests_per_minute: key.requestsPerMinute ?? null,
    concurrency: key.concurrency ?? null,
    tokens_per_minute: key.tokensPerMinute ?? null,
    credits_per_day: key.creditsPerDay ?? null,
    credits_per_month: key.creditsPerMonth ?? null,
    created_at_ms: key.createdAtMs,
    revoked_at_ms: key.revokedAtMs ?? null,
    last_used_at_ms: key.lastUsedAtMs ?? null,
    previous_prefix: previous?.prefix ?? null,
    previous_hash: previous?.hash ?? null,
    previous_valid_until_ms: previous?.validUntilMs ?? null,
  };
}

/** Kysely leaves columns that are undefined as they are. */
function changedColumns({ models, enabled, ...change }: KeyChange): Updateable<Tables['client_keys']> {
  return {
    name: change.name,
    owner: change.owner,
    note: change.note,
    enabled: enabled === undefined ? undefined : Number(enabled),
    expires_at_ms: change.expiresAtMs,
    models: models ? JSON.stringify(models) : models,
    account_group: change.group,
    requests_per_minute: change.requestsPerMinute,
    concurrency: change.concurrency,
    tokens_per_minute: change.tokensPerMinute,
    credits_per_day: change.creditsPerDay,
    credits_per_month: change.creditsPerMonth,
  };
}
