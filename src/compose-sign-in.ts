/** The part of the composition root for sign-ins: connects flows, profiles and the pool. */
import { createHash } from 'node:crypto';
import { checkedRegion } from './accounts/credentials/patterns.ts';
import { NEW_ACCOUNT } from './accounts/health.ts';
import type { Pool } from './accounts/pool.ts';
import type { Account, Secrets, SigningKeys, TokenEndpoints } from './accounts/ports.ts';
import { checkedProxy } from './accounts/proxy.ts';
import { Adoption, type Profile } from './accounts/sign-in/adopt.ts';
import { startBrowserFlow } from './accounts/sign-in/browser-flow.ts';
import { startDeviceFlow, type WaitingSignIn } from './accounts/sign-in/device-flow.ts';
import { SignIns } from './accounts/sign-in/pending.ts';
import { placeOf, type SignInRequest } from './accounts/sign-in/place.ts';
import type { SignInParts } from './accounts/sign-in/registration.ts';
import type { Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import type { Log } from './core/log.ts';
import type { SendUpstream } from './gateway/ports.ts';
import { listProfiles, type ProfileOwner, profileOfKey } from './gateway/profiles.ts';
import type { Store } from './storage/open.ts';
import { openLoopback } from './transport/loopback.ts';
import type { WireProfiles } from './upstreams/codewhisperer/profiles.ts';
import type { Upstream } from './upstreams/upstream.ts';

/** Returns the ARN of one of several profiles. */
export type ChooseProfile = (profiles: readonly [Profile, ...Profile[]]) => Promise<string> | string;

/** A sign-in that this process waits for. */
export interface BrowserSignIn {
  readonly verificationUrl: string;
  readonly expiresAtMs: number;
  /** Resolves with the stored account when the person has confirmed. Default of `choose`: the first profile. */
  wait(signal: AbortSignal, choose?: ChooseProfile): Promise<Account>;
}

/** By device flow. */
export interface SignIn extends BrowserSignIn {
  readonly userCode: string;
}

interface IamRequest extends Pick<SignInRequest, 'region' | 'label' | 'proxy'> {
  /** A profile in `~/.aws/config`; undefined: the first keys that the chain finds. */
  readonly awsProfile?: string | undefined;
}

export interface SigningIn {
  /** Throws `invalid_request` for a bad region, start URL, profile ARN or proxy, before any request. */
  signIn(request: SignInRequest, signal: AbortSignal): Promise<SignIn>;
  /** As `signIn`, with a browser on this machine that is redirected back. */
  signInByBrowser(request: SignInRequest, signal: AbortSignal): Promise<BrowserSignIn>;
  /** Adds an account that signs requests with AWS keys. Only checks that the chain has keys. */
  signInWithIam(request: IamRequest): Promise<Account>;
  /** The profiles of a stored account with a valid access token. Rejects with the service's error. */
  listProfiles(account: Account, signal: AbortSignal): Promise<readonly Profile[]>;
  /** The ARN of the profile that an API key belongs to. Rejects with GatewayError. */
  profileOfKey(account: Account, signal: AbortSignal): Promise<string | undefined>;
  /** Sign-ins of remote clients: start, status and claim. */
  readonly signIns: SignIns;
}

export interface SigningInParts {
  readonly settings: Settings;
  readonly tokens: TokenEndpoints;
  readonly keys: SigningKeys;
  readonly store: Store;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly send: SendUpstream;
  readonly log: Log;
  readonly upstream: Upstream;
  readonly wireProfiles: WireProfiles;
}

export function composeSigningIn(parts: SigningInParts): SigningIn {
  const { settings, tokens, store, clock, pool, log } = parts;
  const { registrations } = store;
  const adoption = new Adoption({
    accounts: pool,
    log,
    listProfiles: (secrets, proxy, signal) => profilesOf(parts, secrets, proxy, signal),
  });
  const flowParts = ({ proxy }: SignInRequest): SignInParts => {
    return { endpoints: tokens.signIn(proxy), registrations, clock };
  };
  return {
    signIns: new SignIns({ store: store.signIns, tokens, registrations, clock, adoption, region: settings.region }),
    listProfiles: (account, signal) => profilesOf(parts, account, account.proxy, signal),
    profileOfKey: (account, signal) => keyProfileOf(parts, account, signal),
    async signIn(request, signal) {
      const place = placeOf(request, settings.region);
      adoption.checkReplaced(request);
      const flow = await startDeviceFlow(place, flowParts(request), signal);
      return { ...flow, wait: (waitSignal, choose) => waitAndAdopt(adoption, flow, request, waitSignal, choose) };
    },
    signInWithIam: (request) => signInWithIam(parts, request),
    async signInByBrowser(request, signal) {
      const place = placeOf(request, settings.region);
      adoption.checkReplaced(request);
      const flow = await startBrowserFlow(place, { ...flowParts(request), openLoopback }, signal);
      return { ...flow, wait: (waitSignal, choose) => waitAndAdopt(adoption, flow, request, waitSignal, choose) };
    },
  };
}

/** The same profile in the same region is the same account. */
async function signInWithIam({ settings, keys, pool }: SigningInParts, request: IamRequest): Promise<Account> {
  const { awsProfile, label, proxy } = request;
  const region = checkedRegion(request.region ?? settings.region);
  if (proxy !== undefined) checkedProxy(proxy);
  const credential = { kind: 'iam', region, awsProfile } as const;
  await keys.present(credential, undefined, proxy);
  return pool.add({
    id: `iam-${createHash('sha256')
      .update(`${region} ${awsProfile ?? ''}`)
      .digest('hex')
      .slice(0, 13)}`,
    label: label ?? (awsProfile === undefined ? 'AWS IAM' : `AWS IAM ${awsProfile}`),
    source: { type: 'sign-in' },
    health: NEW_ACCOUNT,
    credential,
    accessToken: undefined,
    ...(proxy === undefined ? {} : { proxy }),
  });
}

async function waitAndAdopt(
  adoption: Adoption,
  flow: WaitingSignIn,
  request: SignInRequest,
  signal: AbortSignal,
  choose: ChooseProfile = ([first]) => first.arn,
): Promise<Account> {
  const secrets = await flow.wait(signal);
  const outcome = await adoption.adopt(secrets, request, signal);
  if (outcome.type === 'account') return outcome.account;
  const profileArn = await choose(outcome.profiles);
  const chosen = await adoption.adopt(secrets, { ...request, profileArn }, signal);
  if (chosen.type === 'account') return chosen.account;
  throw new TypeError('adoption still asks for a profile after one was chosen');
}

function profilesOf(
  parts: SigningInParts,
  { credential, accessToken }: Secrets,
  proxy: string | undefined,
  signal: AbortSignal,
): Promise<readonly Profile[]> {
  const [wireProfile] = parts.wireProfiles.orderFor(credential.kind, parts.settings.wireProfile);
  const owner = ownerOf(parts, credential, accessToken?.value ?? '', wireProfile, proxy);
  return listProfiles(parts, owner, signal);
}

/** Under the first wire profile that has the operation. */
async function keyProfileOf(
  parts: SigningInParts,
  { credential, proxy }: Account,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (credential.kind !== 'api-key') return undefined;
  const { settings, wireProfiles } = parts;
  const order = wireProfiles.orderFor(credential.kind, settings.wireProfile);
  const wireProfile = order.find((id) => wireProfiles.get(id).operations.GetProfile !== undefined);
  if (wireProfile === undefined) return undefined;
  return profileOfKey(parts, ownerOf(parts, credential, credential.apiKey, wireProfile, proxy), signal);
}

function ownerOf(
  { settings }: SigningInParts,
  { kind, region }: Secrets['credential'],
  accessToken: string,
  wireProfile: string,
  proxy: string | undefined,
): ProfileOwner {
  const access = { region, profileArn: undefined, wireProfile, baseUrl: settings.upstreamUrl, kind };
  return { access, accessToken, proxy };
}
