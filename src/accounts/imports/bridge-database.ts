/**
 * The SQLite database of the account bridge q2api, `data.sqlite3`: each row of the table `accounts` is an account, with
 * its credential in columns named as in JSON. Read once; imported accounts are not linked to it.
 * Source of the table: the README of https://github.com/CassiopeiaCode/q2api
 */
import type { DatabaseSync } from 'node:sqlite';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Finding } from './finding.ts';
import { unlinkedFinding } from './gateway-file.ts';
import type { Reading } from './secrets.ts';
import { withDatabase } from './sqlite-file.ts';

const COLUMNS = ['id', 'label', 'clientId', 'clientSecret', 'refreshToken', 'accessToken', 'enabled', 'type'] as const;
const MAX_ROWS = 10_000;

/** undefined if the table is missing. Throws ImportProblem. */
export async function findInBridgeDatabase(path: string, reading: Reading): Promise<readonly Finding[] | undefined> {
  const rows = await withDatabase(path, true, rowsOf);
  return rows?.map((row, index) => unlinkedFinding(path, String(row.id ?? index), row, reading));
}

/** Older databases lack `enabled`; forks add `type`, because they also store accounts of other services. */
function rowsOf(database: DatabaseSync): readonly JsonObject[] | undefined {
  const present = database.prepare("select name from pragma_table_info('accounts')").all();
  const names = new Set(present.map(({ name }) => name));
  if (!names.has('refreshToken') || !names.has('clientSecret')) return undefined;
  const columns = COLUMNS.filter((column) => names.has(column)).join(', ');
  const rows: unknown[] = database.prepare(`select ${columns} from accounts order by rowid limit ${MAX_ROWS}`).all();
  // SQLite returns text, numbers and nulls, which are JSON values.
  return rows.filter(isJsonObject);
}
