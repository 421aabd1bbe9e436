/**
 * Client registrations at AWS's sign-in service: stored, renewed before they expire, and replaced when the service no
 * longer knows them. The device flow and the browser flow need one each, because they request different grants.
 */
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { registrationExpiry } from '../../core/times.ts';
import type { ClientRegistration, RegistrationStore, SignInEndpoints, SignInFlow } from '../ports.ts';

export interface SignInParts {
  readonly endpoints: SignInEndpoints;
  readonly registrations: RegistrationStore;
  readonly clock: Clock;
}

/** A refresh token expires with its registration, so a new sign-in needs one that lasts. */
const RENEW_REGISTRATION_BEFORE_MS = 14 * 24 * 3_600_000;

/** Runs `use` with the stored registration; again with a new one if the service rejects the stored one. */
export async function withRegistration<T>(
  { region, startUrl }: { readonly region: string; readonly startUrl: string },
  flow: SignInFlow,
  { endpoints, registrations, clock }: SignInParts,
  signal: AbortSignal,
  use: (client: ClientRegistration) => Promise<T>,
): Promise<{ readonly client: ClientRegistration; readonly result: T }> {
  const stored = await registrations.find(region, startUrl, flow);
  if (stored && stored.expiresAtMs - clock.now() > RENEW_REGISTRATION_BEFORE_MS) {
    try {
      return { client: stored, result: await use(stored) };
    } catch (cause) {
      if (GatewayError.from(cause).code !== 'credential_rejected') throw cause;
    }
  }
  const registration = await endpoints.registerClient(region, startUrl, flow, signal);
  const client = { ...registration, expiresAtMs: registrationExpiry(registration.expiresAtMs, clock.now()) };
  const result = await use(client);
  await registrations.put(region, startUrl, client, clock.now(), flow);
  return { client, result };
}
