/**
 * Client registrations at AWS's sign-in service: kept, renewed before they run out, made anew when the service has
 * forgotten them. A device code and a browser's redirect need one each, because they ask for different grants.
 */
import { GatewayError } from '../../core/errors.ts';
import { registrationExpiry } from '../../core/times.ts';
import type { ClientRegistration, SignInFlow } from '../ports.ts';
import type { SignInParts } from './device-grant.ts';

/** A refresh token dies with its registration, so a registration near its end is not built upon. */
const RENEW_REGISTRATION_BEFORE_MS = 14 * 24 * 3_600_000;

/** Runs `use` with a registration; once more with a new one when the service does not know the kept one. */
export async function registered<T>(
  { region, startUrl }: { readonly region: string; readonly startUrl: string },
  flow: SignInFlow,
  { endpoints, registrations, clock }: SignInParts,
  signal: AbortSignal,
  use: (client: ClientRegistration) => Promise<T>,
): Promise<{ readonly client: ClientRegistration; readonly result: T }> {
  const kept = await registrations.find(region, startUrl, flow);
  if (kept && kept.expiresAtMs - clock.now() > RENEW_REGISTRATION_BEFORE_MS) {
    try {
      return { client: kept, result: await use(kept) };
    } catch (cause) {
      if (GatewayError.from(cause).code !== 'credential_rejected') throw cause;
    }
  }
  const made = await endpoints.registerClient(region, startUrl, flow, signal);
  const client = { ...made, expiresAtMs: registrationExpiry(made.expiresAtMs, clock.now()) };
  const result = await use(client);
  await registrations.put(region, startUrl, client, clock.now(), flow);
  return { client, result };
}
