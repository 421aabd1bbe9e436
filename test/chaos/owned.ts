/** A credential in the store of the program that owns it: the Kiro IDE's file, or Kiro CLI's database. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';

interface Owned {
  /** The refresh token. */
  read(): string;
  write(accessToken: string, refreshToken: string, expiresAt: string): void;
}

export const DATABASE_KEY = 'kirocli:social:token';
const { refreshToken, accessToken, profileArn } = SOCIAL_ACCOUNT;
const LONG_AGO = '2020-01-01T00:00:00Z';

/** In Kiro CLI's format, with an expired access token. */
export function writeKiroDatabase(path: string): void {
  const token = {
    access_token: accessToken,
    refresh_token: refreshToken,
    profile_arn: profileArn,
    expires_at: LONG_AGO,
  };
  const database = new DatabaseSync(path);
  database.exec('create table auth_kv (key text primary key, value text)');
  database.prepare('insert into auth_kv values (?, ?)').run(DATABASE_KEY, JSON.stringify(token));
  database.close();
}

export function openOwned(path: string): Owned {
  return path.endsWith('.sqlite3') ? ownedDatabase(path) : ownedFile(path);
}

// Written here, or by the gateway in the same format.
type Texts = Record<string, string>;

function ownedFile(path: string): Owned {
  const read = () => JSON.parse(readFileSync(path, 'utf8')) as Texts;
  return {
    read: () => read().refreshToken ?? '',
    write(nextAccess, nextRefresh, expiresAt) {
      const next = { ...read(), accessToken: nextAccess, refreshToken: nextRefresh, expiresAt };
      writeFileSync(`${path}.rival`, JSON.stringify(next), { mode: 0o600 });
      renameSync(`${path}.rival`, path);
    },
  };
}

/** Stays open and waits for locks, like the real program. */
function ownedDatabase(path: string): Owned {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  const read = () => {
    const row = database.prepare('select value from auth_kv where key = ?').get(DATABASE_KEY);
    return JSON.parse(String(row?.value)) as Texts;
  };
  return {
    read: () => read().refresh_token ?? '',
    write(nextAccess, nextRefresh, expiresAt) {
      const next = { ...read(), access_token: nextAccess, refresh_token: nextRefresh, expires_at: expiresAt };
      database.prepare('update auth_kv set value = ? where key = ?').run(JSON.stringify(next), DATABASE_KEY);
    },
  };
}
