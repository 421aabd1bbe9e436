/** The admin token: from the settings, or generated and stored as a hash. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { AdminTokenStore } from './stored-keys.ts';

export interface AdminToken {
  readonly isRight: (presented: string) => Promise<boolean>;
  /** Generated at this start, to be shown once; undefined if there was one before. */
  readonly made: string | undefined;
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
    return { isRight: async (presented) => isTokenOf(hash, presented), made: undefined };
  }
  const kept = await store.find();
  if (kept) return { isRight: storedCheck(options, kept), made: undefined };
  const made = generateToken();
  const ours = sha256(made);
  const winner = await store.keep(ours);
  // Of two gateways which start at once on one database, one makes the token and shows it.
  return { isRight: storedCheck(options, winner), made: timingSafeEqual(winner, ours) ? made : undefined };
}

/** The new token; every gateway on this database refuses the old one from now on. Throws `storage_unavailable`. */
export async function resetAdminToken(store: AdminTokenStore): Promise<string> {
  const token = generateToken();
  await store.replace(sha256(token));
  return token;
}

/** A flood of wrong tokens must not become a flood of queries. */
const READ_EVERY_MS = 200;

/** Another process may reset the token, so the stored hash is read again. A failing database leaves the last one valid. */
function storedCheck({ store, clock, log }: AdminTokenOptions, first: Uint8Array): AdminToken['isRight'] {
  let hash = first;
  let readAtMs = clock.now();
  return async (presented) => {
    if (clock.now() - readAtMs >= READ_EVERY_MS) {
      readAtMs = clock.now();
      try {
        hash = (await store.find()) ?? hash;
      } catch (cause) {
        log.warn({ why: GatewayError.from(cause).message }, 'could not read the admin token again');
      }
    }
    return isTokenOf(hash, presented);
  };
}

function generateToken(): string {
  return `dgm-admin-${randomBytes(32).toString('base64url')}`;
}

function isTokenOf(hash: Uint8Array, presented: string): boolean {
  return timingSafeEqual(hash, sha256(presented));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
