/** The admin token: from the settings, or generated and stored as a hash. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { AdminTokenStore } from './stored-keys.ts';

export interface AdminToken {
  readonly matches: (presented: string) => Promise<boolean>;
  /** SHA-256 of the token in effect. Never rejects. */
  readonly hash: () => Promise<Uint8Array>;
  /** The token if this start generated it, to be shown once; otherwise undefined. */
  readonly generated: string | undefined;
}

export interface AdminTokenOptions {
  readonly configured: string | undefined;
  readonly store: AdminTokenStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws `storage_unavailable`. */
export async function prepareAdminToken(options: AdminTokenOptions): Promise<AdminToken> {
  const { configured, store } = options;
  if (configured !== undefined) {
    const hash = sha256(configured);
    return { ...tokenOf(async () => hash), generated: undefined };
  }
  const stored = await store.find();
  if (stored) return { ...tokenOf(storedHash(options, stored)), generated: undefined };
  const token = generateToken();
  const hash = sha256(token);
  const winner = await store.putIfAbsent(hash);
  // If two gateways start at once on one database, only one stores its token and shows it.
  const generated = timingSafeEqual(winner, hash) ? token : undefined;
  return { ...tokenOf(storedHash(options, winner)), generated };
}

function tokenOf(hash: AdminToken['hash']): Omit<AdminToken, 'generated'> {
  return { hash, matches: async (presented) => timingSafeEqual(await hash(), sha256(presented)) };
}

/** Returns the new token. All gateways on this database reject the old one from now on. Throws `storage_unavailable`. */
export async function resetAdminToken(store: AdminTokenStore): Promise<string> {
  const token = generateToken();
  await store.replace(sha256(token));
  return token;
}

/** Limits the number of queries when many wrong tokens arrive. */
const READ_EVERY_MS = 200;

/** Reads the stored hash again, since another process may reset the token. While the database fails, the last one stays. */
function storedHash({ store, clock, log }: AdminTokenOptions, first: Uint8Array): AdminToken['hash'] {
  let hash = first;
  let readAtMs = clock.now();
  return async () => {
    if (clock.now() - readAtMs >= READ_EVERY_MS) {
      readAtMs = clock.now();
      try {
        hash = (await store.find()) ?? hash;
      } catch (cause) {
        log.warn({ why: GatewayError.from(cause).message }, 'could not read the admin token again');
      }
    }
    return hash;
  };
}

function generateToken(): string {
  return `dgm-admin-${randomBytes(32).toString('base64url')}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
