/**
 * Signing in with a browser on this machine: it comes back to a port here with a code, which is worth something only
 * together with a proof that never left this process (PKCE, RFC 7636). The same at AWS and at Kiro's portal.
 */
import { createHash, randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { BrowserCode, ClientRegistration, Secrets } from '../ports.ts';
import type { WaitingSignIn } from './device-flow.ts';
import { awsSecrets, type SignInParts, socialSecrets } from './device-grant.ts';
import { cancelled, expired, refusedInBrowser } from './failures.ts';
import type { SignInPlace } from './place.ts';
import { registered } from './registration.ts';

/** Whoever has not confirmed by then has gone. */
const LIMIT_MS = 5 * 60_000;

const AWS_CALLBACK = '/oauth/callback';
const KIRO_CALLBACKS: readonly string[] = ['/oauth/callback', '/signin/callback'];
/** The portal comes back to these ports alone. */
const KIRO_PORTS: readonly number[] = [3128, 4649, 6588, 8008, 9091, 49_153, 50_153, 51_153, 52_153, 53_153];

/** A port of this machine to which the browser comes back. */
export interface Loopback {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** The first request which `accept` takes; others are told that they are wrong. Rejects when the signal aborts. */
  next(accept: (url: URL) => boolean, signal: AbortSignal): Promise<URL>;
  close(): Promise<void>;
}

export interface BrowserParts extends SignInParts {
  /** The first free one; none given: any. Rejects with `invalid_request` when all are taken. */
  openLoopback(ports: readonly number[]): Promise<Loopback>;
}

interface Trip {
  readonly loopback: Loopback;
  readonly verificationUrl: string;
  readonly state: string;
  readonly codeVerifier: string;
  readonly paths: readonly string[];
  redeem(code: BrowserCode, signal: AbortSignal): Promise<Secrets>;
}

export async function startBrowserFlow(
  place: SignInPlace,
  parts: BrowserParts,
  signal: AbortSignal,
): Promise<WaitingSignIn> {
  const loopback = await parts.openLoopback(place.type === 'kiro' ? KIRO_PORTS : []);
  try {
    const trip = await prepare(place, parts, loopback, signal);
    const expiresAtMs = parts.clock.now() + LIMIT_MS;
    const { verificationUrl } = trip;
    return {
      verificationUrl,
      userCode: undefined,
      expiresAtMs,
      wait: (waitSignal) => untilBack(trip, parts, expiresAtMs, waitSignal).finally(() => loopback.close()),
    };
  } catch (cause) {
    await loopback.close();
    throw cause;
  }
}

async function prepare(
  place: SignInPlace,
  parts: BrowserParts,
  loopback: Loopback,
  signal: AbortSignal,
): Promise<Trip> {
  const { endpoints, clock } = parts;
  const codeVerifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const state = randomBytes(24).toString('base64url');
  const common = { loopback, state, codeVerifier };
  switch (place.type) {
    case 'aws': {
      const redirectUri = `${loopback.address}${AWS_CALLBACK}`;
      const { client, result } = await registered(place, 'browser', parts, signal, async ({ clientId }) =>
        endpoints.authorizeUrl(place.region, clientId, redirectUri, challenge, state),
      );
      return {
        ...common,
        verificationUrl: result,
        paths: [AWS_CALLBACK],
        redeem: (code, redeemSignal) => redeemAtAws(place, client, code, parts, redeemSignal),
      };
    }
    case 'kiro':
      return {
        ...common,
        verificationUrl: endpoints.socialSignInUrl(loopback.address, challenge, state),
        paths: KIRO_CALLBACKS,
        redeem: async (code, redeemSignal) =>
          socialSecrets(await endpoints.redeemSocialCode(code, redeemSignal), clock.now()),
      };
    default:
      return unreachable(place);
  }
}

/** A registration with which it failed is not used again: nobody can tell whether the service still knows it. */
async function redeemAtAws(
  { region, startUrl }: Extract<SignInPlace, { type: 'aws' }>,
  client: ClientRegistration,
  code: BrowserCode,
  { endpoints, registrations, clock }: SignInParts,
  signal: AbortSignal,
): Promise<Secrets> {
  try {
    const tokens = await endpoints.redeemCode(region, client, code, signal);
    return awsSecrets({ region, startUrl }, client, tokens, clock.now());
  } catch (cause) {
    if (GatewayError.from(cause).code === 'credential_rejected')
      await registrations.put(region, startUrl, { ...client, expiresAtMs: 0 }, clock.now(), 'browser');
    throw cause;
  }
}

async function untilBack(
  trip: Trip,
  { clock }: BrowserParts,
  expiresAtMs: number,
  signal: AbortSignal,
): Promise<Secrets> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const back = trip.loopback.next((url) => isAnswer(url, trip), either);
  const tooLate = clock.sleep(Math.max(0, expiresAtMs - clock.now()), either).then(() => undefined);
  try {
    const url = await Promise.race([back, tooLate]);
    if (url === undefined) throw expired();
    return await trip.redeem(codeOf(url, trip), signal);
  } catch (cause) {
    throw signal.aborted ? cancelled() : cause;
  } finally {
    over.abort();
    await Promise.allSettled([back, tooLate]);
  }
}

/** Anybody on this machine can knock; only who was sent from here knows the state. */
function isAnswer({ pathname, searchParams }: URL, { paths, state }: Trip): boolean {
  return paths.includes(pathname) && searchParams.get('state') === state;
}

function codeOf(url: URL, { loopback, codeVerifier }: Trip): BrowserCode {
  const code = url.searchParams.get('code');
  const error = url.searchParams.get('error');
  if (code === null || code === '' || error !== null) {
    if (error === null || error === 'access_denied') throw refusedInBrowser();
    const said = /^[\w-]{1,60}$/.test(error) ? error : 'an error';
    const message = `The sign-in service sent the browser back with ${said}. Nothing was stored. Start again.`;
    throw new GatewayError('credential_rejected', message);
  }
  // Kiro's portal says in the address which way was taken, and wants it repeated.
  const option = url.searchParams.get('login_option');
  const query = option === null ? '' : `?login_option=${encodeURIComponent(option)}`;
  return { code, codeVerifier, redirectUri: `${loopback.address}${url.pathname}${query}` };
}
