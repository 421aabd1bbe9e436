/** Stores client registrations with the sign-in service, one per region, start URL and flow. */
import { createHash } from 'node:crypto';
import type { ClientRegistration, RegistrationStore, SignInFlow } from '../accounts/ports.ts';
import type { Database } from './database.ts';
import { checkStillOurs } from './key-check.ts';
import { withRetry } from './retry.ts';
import type { Seal } from './seal.ts';

export function createRegistrationStore({ db, clock }: Database, seal: Seal): RegistrationStore {
  return {
    find: (region, startUrl, flow = 'device') =>
      withRetry(clock, async () => {
        const id = idOf(region, startUrl, flow);
        const row = await db.selectFrom('client_registrations').selectAll().where('id', '=', id).executeTakeFirst();
        // Only `put` writes this, as the seal proves.
        return row && (JSON.parse(seal.open(placeOfRegistration(id), row.sealed)) as ClientRegistration);
      }),

    put: (region, startUrl, registration, nowMs, flow = 'device') =>
      withRetry(clock, async () => {
        const id = idOf(region, startUrl, flow);
        const changed = {
          sealed: seal.close(placeOfRegistration(id), JSON.stringify(registration)),
          expires_at_ms: registration.expiresAtMs,
          updated_at_ms: nowMs,
        };
        await db.transaction().execute(async (transaction) => {
          await checkStillOurs(transaction, seal);
          await transaction
            .insertInto('client_registrations')
            .values({ id, ...changed })
            .onConflict((conflict) => conflict.column('id').doUpdateSet(changed))
            .execute();
        });
      }),
  };
}

/** A hash, because a start URL identifies the organisation. */
function idOf(region: string, startUrl: string, flow: SignInFlow): string {
  const place = flow === 'device' ? `${region} ${startUrl}` : `${region} ${startUrl} ${flow}`;
  return createHash('sha256').update(place).digest('hex').slice(0, 32);
}

export function placeOfRegistration(id: string): string {
  return `client_registrations/${id}`;
}
