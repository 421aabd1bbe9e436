/** The admin token: from the settings, or made at the first start, of which only the hash is kept. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AdminTokenStore } from './stored-keys.ts';

export interface AdminToken {
  readonly isRight: (presented: string) => boolean;
  /** Made just now, to be shown to whoever started the gateway; undefined: it is known already. */
  readonly made: string | undefined;
}

/** Throws `storage_unavailable`. */
export async function prepareAdminToken(configured: string | undefined, store: AdminTokenStore): Promise<AdminToken> {
  if (configured !== undefined) return { isRight: checkOf(sha256(configured)), made: undefined };
  const kept = await store.find();
  if (kept) return { isRight: checkOf(kept), made: undefined };
  const made = `dgm-admin-${randomBytes(32).toString('base64url')}`;
  const ours = sha256(made);
  const winner = await store.keep(ours);
  // Of two gateways which start at once on one database, one makes the token and shows it.
  return { isRight: checkOf(winner), made: timingSafeEqual(winner, ours) ? made : undefined };
}

function checkOf(hash: Uint8Array): AdminToken['isRight'] {
  return (presented) => timingSafeEqual(hash, sha256(presented));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
