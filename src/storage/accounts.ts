/** Accounts in the database: the sealed credential in one column, everything which is no secret beside it. */
import type { Selectable } from 'kysely';
import { DEFAULT_OPTIONS } from '../accounts/options.ts';
import type { Account, AccountStore, LearnedFacts, Secrets } from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { checkStillOurs } from './key-check.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';
import type { Seal } from './seal.ts';

export function createAccountStore(database: Database, seal: Seal): AccountStore {
  const { db, clock } = database;
  const find = async (id: string): Promise<Account | undefined> => {
    const row = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
    return row && toAccount(row, seal);
  };

  /** Against the value that was read, so that of two processes writing at the same time neither loses a fact. */
  const changeLearned = (
    id: string,
    nowMs: number,
    change: (learned: LearnedFacts) => LearnedFacts,
  ): Promise<LearnedFacts | undefined> =>
    withRetry(clock, async () => {
      for (;;) {
        const row = await db.selectFrom('accounts').select('learned').where('id', '=', id).executeTakeFirst();
        if (!row) return undefined;
        const before = parseLearned(row.learned);
        const after = change(before);
        if (after === before) return before;
        const { numUpdatedRows } = await db
          .updateTable('accounts')
          .set({ learned: JSON.stringify(after), updated_at_ms: nowMs })
          .where('id', '=', id)
          .where('learned', '=', row.learned)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows > 0n) return after;
      }
    });

  return {
    changeMark: () => database.changeMark(),
    latestChangeMark: () => database.latestChangeMark(),
    exclusively: (id, work) => database.lock([refreshLock(id)], work),
    find: (id) => withRetry(clock, () => find(id)),

    list: () =>
      withRetry(clock, async () => {
        const rows = await db.selectFrom('accounts').selectAll().orderBy('created_at_ms').orderBy('id').execute();
        return rows.map((row) => toAccount(row, seal));
      }),

    put: (account, nowMs) =>
      withRetry(clock, async () => {
        const { id, label, source, health, options } = account;
        const changedWith = (proxy: string | undefined) => ({
          kind: account.credential.kind,
          label,
          source: JSON.stringify(source),
          sealed: sealSecrets(seal, id, account, proxy),
          health: JSON.stringify(health),
          ...(options === undefined ? {} : { options: JSON.stringify(options) }),
          updated_at_ms: nowMs,
        });
        const row = await db.transaction().execute(async (transaction) => {
          await checkStillOurs(transaction, seal);
          const replaced = await transaction.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
          const kept = replaced && toAccount(replaced, seal).proxy;
          const changed = changedWith('proxy' in account ? account.proxy : kept);
          return transaction
            .insertInto('accounts')
            .values({ id, created_at_ms: nowMs, ...changed })
            .onConflict((conflict) =>
              conflict.column('id').doUpdateSet({ ...changed, version: (eb) => eb('accounts.version', '+', 1) }),
            )
            .returningAll()
            .executeTakeFirstOrThrow();
        });
        return toAccount(row, seal);
      }),

    saveSecrets: (account, secrets, nowMs) =>
      withRetry(clock, async () => {
        const { id, version } = account;
        const row = await db
          .updateTable('accounts')
          .set({
            kind: secrets.credential.kind,
            sealed: sealSecrets(seal, id, secrets, account.proxy),
            version: version + 1,
            updated_at_ms: nowMs,
          })
          .where('id', '=', id)
          .where('version', '=', version)
          .returningAll()
          .executeTakeFirst();
        return row && toAccount(row, seal);
      }),

    saveHealth: (id, health, nowMs) =>
      withRetry(clock, async () => {
        const changed = { health: JSON.stringify(health), updated_at_ms: nowMs };
        await db.updateTable('accounts').set(changed).where('id', '=', id).execute();
      }),

    addClosingEvents: (id, wireProfile, nowMs) =>
      changeLearned(id, nowMs, (learned) => {
        const known = learned.closingEvents ?? [];
        return known.includes(wireProfile) ? learned : { ...learned, closingEvents: [...known, wireProfile] };
      }),

    saveLearned: (id, facts, nowMs) => changeLearned(id, nowMs, (learned) => ({ ...learned, ...facts })),

    saveProxy: (id, proxy, nowMs) =>
      withRetry(clock, () =>
        db.transaction().execute(async (transaction) => {
          await checkStillOurs(transaction, seal);
          const row = await transaction.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
          if (!row) return undefined;
          const account = toAccount(row, seal);
          const saved = await transaction
            .updateTable('accounts')
            .set({ sealed: sealSecrets(seal, id, account, proxy), version: row.version + 1, updated_at_ms: nowMs })
            .where('id', '=', id)
            .where('version', '=', row.version)
            .returningAll()
            .executeTakeFirst();
          if (saved) return toAccount(saved, seal);
          throw new GatewayError('storage_unavailable', 'The account was changed at the same moment. Try again.');
        }),
      ),

    saveOptions: (id, label, options, nowMs) =>
      withRetry(clock, async () => {
        const changed = { label, options: JSON.stringify(options), updated_at_ms: nowMs };
        const row = await db
          .updateTable('accounts')
          .set(changed)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
        return row && toAccount(row, seal);
      }),

    remove: (id) =>
      withRetry(clock, async () => {
        const { numDeletedRows } = await db.deleteFrom('accounts').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function sealSecrets(
  seal: Seal,
  id: string,
  { credential, accessToken, spent }: Secrets,
  proxy: string | undefined,
): Uint8Array {
  return seal.close(placeOfAccount(id), JSON.stringify({ credential, accessToken, spent, proxy }));
}

interface Sealed extends Secrets {
  readonly proxy?: string | undefined;
}

export function placeOfAccount(id: string): string {
  return `accounts/${id}`;
}

/** What a process holds while it makes a new access token. */
export function refreshLock(id: string): string {
  return `refresh ${id}`;
}

/** This file alone writes the column. */
function parseLearned(json: string): LearnedFacts {
  return JSON.parse(json) as LearnedFacts;
}

function toAccount(row: Selectable<Tables['accounts']>, seal: Seal): Account {
  // The JSON columns and the sealed one were written by this file alone; the seal proves it for the latter.
  const { credential, accessToken, spent, proxy } = JSON.parse(seal.open(placeOfAccount(row.id), row.sealed)) as Sealed;
  return {
    id: row.id,
    label: row.label,
    source: JSON.parse(row.source) as Account['source'],
    credential,
    accessToken,
    ...(spent === undefined ? {} : { spent }),
    ...(proxy === undefined ? {} : { proxy }),
    version: row.version,
    health: JSON.parse(row.health) as Account['health'],
    learned: parseLearned(row.learned),
    options: { ...DEFAULT_OPTIONS, ...(JSON.parse(row.options) as Partial<Account['options']>) },
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
