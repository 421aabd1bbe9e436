/**
 * Sign-in with a browser on this machine. The sign-in service redirects the browser to a local port with a code, which
 * can be redeemed only with a verifier that never left this process (PKCE, RFC 7636). AWS and Kiro's portal work alike.
 */
import { createHash, randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { BrowserCode, ClientRegistration, Secrets } from '../ports.ts';
import type { WaitingSignIn } from './device-flow.ts';
import { awsSecrets, socialSecrets } from './device-grant.ts';
import { cancelled, expired, refusedInBrowser } from './failures.ts';
import type { SignInPlace } from './place.ts';
import { type SignInParts, withRegistration } from './registration.ts';

/** How long the person has to confirm. */
const LIMIT_MS = 5 * 60_000;

const AWS_CALLBACK = '/oauth/callback';
const KIRO_CALLBACKS: readonly string[] = ['/oauth/callback', '/signin/callback'];
/** The only ports that the portal redirects to. */
const KIRO_PORTS: readonly number[] = [3128, 4649, 6588, 8008, 9091, 49_153, 50_153, 51_153, 52_153, 53_153];

/** A local port that the browser is redirected to. */
export interface Loopback {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** The first request that `accept` accepts; others get 404. Rejects when the signal aborts. */
  next(accept: (url: URL) => boolean, signal: AbortSignal): Promise<URL>;
  close(): Promise<void>;
}

export interface BrowserParts extends SignInParts {
  /** Listens on the first free port; an empty list means any. Rejects with `invalid_request` if all are in use. */
  openLoopback(ports: readonly number[]): Promise<Loopback>;
}

interface BrowserSignIn {
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
    const signIn = await prepare(place, parts, loopback, signal);
    const expiresAtMs = parts.clock.now() + LIMIT_MS;
    const { verificationUrl } = signIn;
    return {
      verificationUrl,
      userCode: undefined,
      expiresAtMs,
      wait: (waitSignal) => waitForRedirect(signIn, parts, expiresAtMs, waitSignal).finally(() => loopback.close()),
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
): Promise<BrowserSignIn> {
  const { endpoints, clock } = parts;
  const codeVerifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const state = randomBytes(24).toString('base64url');
  const common = { loopback, state, codeVerifier };
  switch (place.type) {
    case 'aws': {
      const redirectUri = `${loopback.address}${AWS_CALLBACK}`;
      const { client, result } = await withRegistration(place, 'browser', parts, signal, async ({ clientId }) =>
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

/** Expires the registration after a rejection: the service may have dropped it. */
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

async function waitForRedirect(
  signIn: BrowserSignIn,
  { clock }: BrowserParts,
  expiresAtMs: number,
  signal: AbortSignal,
): Promise<Secrets> {
  const finished = new AbortController();
  const stop = AbortSignal.any([signal, finished.signal]);
  const redirect = signIn.loopback.next((url) => isRedirect(url, signIn), stop);
  const deadline = clock.sleep(Math.max(0, expiresAtMs - clock.now()), stop).then(() => undefined);
  try {
    const url = await Promise.race([redirect, deadline]);
    if (url === undefined) throw expired();
    return await signIn.redeem(codeOf(url, signIn), signal);
  } catch (cause) {
    throw signal.aborted ? cancelled() : cause;
  } finally {
    finished.abort();
    await Promise.allSettled([redirect, deadline]);
  }
}

/** Any local program can call the port; only the browser redirected by this sign-in knows the state. */
function isRedirect({ pathname, searchParams }: URL, { paths, state }: BrowserSignIn): boolean {
  return paths.includes(pathname) && searchParams.get('state') === state;
}

function codeOf(url: URL, { loopback, codeVerifier }: BrowserSignIn): BrowserCode {
  const code = url.searchParams.get('code');
  const error = url.searchParams.get('error');
  if (code === null || code === '' || error !== null) {
    if (error === null || error === 'access_denied') throw refusedInBrowser();
    const reason = /^[\w-]{1,60}$/.test(error) ? error : 'an error';
    const message = `The sign-in service returned ${reason} to the browser. Nothing was stored. Start the sign-in again.`;
    throw new GatewayError('credential_rejected', message);
  }
  // Kiro's portal adds the chosen sign-in option to the redirect URI and expects it back when the code is redeemed.
  const option = url.searchParams.get('login_option');
  const query = option === null ? '' : `?login_option=${encodeURIComponent(option)}`;
  return { code, codeVerifier, redirectUri: `${loopback.address}${url.pathname}${query}` };
}
