/**
 * The two steps of the device flow: start it, and poll once. A started flow is plain data, so that another process can
 * continue it. Only the client registration is stored here; it serves every sign-in with the same region and start URL
 * for about 90 days.
 * Source: the AWS SSO OIDC API, RFC 8628, and for Kiro the requests of its CLI.
 */
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { cappedMs, MAX_POLL_INTERVAL_MS, MAX_SIGN_IN_MS, tokenExpiry } from '../../core/times.ts';
import { unreachable } from '../../core/unreachable.ts';
import { BUILDER_ID_START_URL } from '../credentials/patterns.ts';
import type {
  ClientRegistration,
  DeviceAuthorization,
  DevicePoll,
  Secrets,
  SignedInTokens,
  SignInEndpoints,
} from '../ports.ts';
import type { SignInPlace } from './place.ts';
import { type SignInParts, withRegistration } from './registration.ts';

const DEFAULT_INTERVAL_S = 5;
export const SLOW_DOWN_MS = 5_000;

/** Everything needed to poll. Contains secrets. */
export type DeviceGrant =
  | {
      readonly type: 'aws';
      readonly startUrl: string;
      readonly region: string;
      readonly client: ClientRegistration;
      readonly deviceCode: string;
    }
  | { readonly type: 'kiro'; readonly deviceCode: string };

export interface DeviceSignIn {
  readonly grant: DeviceGrant;
  /** With the code in it, if the service offers that. */
  readonly verificationUrl: string;
  /** Without the code. */
  readonly verificationUri: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  /** Minimum time between two polls. */
  readonly intervalMs: number;
}

export type DeviceAnswer =
  | Exclude<DevicePoll, { readonly type: 'signed-in' }>
  | { readonly type: 'signed-in'; readonly secrets: Secrets };

export async function startDeviceSignIn(
  place: SignInPlace,
  parts: SignInParts,
  signal: AbortSignal,
): Promise<DeviceSignIn> {
  const { endpoints, clock } = parts;
  switch (place.type) {
    case 'aws': {
      const { region, startUrl } = place;
      const { client, result } = await withRegistration(place, 'device', parts, signal, (known) =>
        endpoints.startDevice(region, startUrl, known, signal),
      );
      return toDeviceSignIn({ type: 'aws', startUrl, region, client, deviceCode: result.deviceCode }, result, clock);
    }
    case 'kiro': {
      const device = await endpoints.startSocialDevice(place.provider, signal);
      return toDeviceSignIn({ type: 'kiro', deviceCode: device.deviceCode }, device, clock);
    }
    default:
      return unreachable(place);
  }
}

/** Reports a network or service failure as pending, so that it does not end the sign-in. */
export async function pollDeviceSignIn(
  grant: DeviceGrant,
  parts: SignInParts,
  signal: AbortSignal,
): Promise<DeviceAnswer> {
  try {
    const answer = await poll(grant, parts.endpoints, signal);
    if (answer.type !== 'signed-in') return answer;
    return { type: 'signed-in', secrets: toSecrets(grant, answer.tokens, parts.clock.now()) };
  } catch (cause) {
    const error = GatewayError.from(cause);
    if (!signal.aborted && error.policy.blame === 'upstream') return { type: 'pending' };
    throw error;
  }
}

function poll(grant: DeviceGrant, endpoints: SignInEndpoints, signal: AbortSignal): Promise<DevicePoll> {
  switch (grant.type) {
    case 'aws':
      return endpoints.pollDevice(grant.region, grant.client, grant.deviceCode, signal);
    case 'kiro':
      return endpoints.pollSocialDevice(grant.deviceCode, signal);
    default:
      return unreachable(grant);
  }
}

function toDeviceSignIn(grant: DeviceGrant, device: DeviceAuthorization, clock: Clock): DeviceSignIn {
  return {
    grant,
    verificationUrl: device.verificationUrlComplete ?? device.verificationUrl,
    verificationUri: device.verificationUrl,
    userCode: device.userCode,
    expiresAtMs: clock.now() + (cappedMs(device.expiresInS * 1000, MAX_SIGN_IN_MS) ?? 0),
    intervalMs: cappedMs((device.intervalS ?? DEFAULT_INTERVAL_S) * 1000, MAX_POLL_INTERVAL_MS) ?? MAX_POLL_INTERVAL_MS,
  };
}

function toSecrets(grant: DeviceGrant, tokens: SignedInTokens, nowMs: number): Secrets {
  switch (grant.type) {
    case 'aws':
      return awsSecrets(grant, grant.client, tokens, nowMs);
    case 'kiro':
      return socialSecrets(tokens, nowMs);
    default:
      return unreachable(grant);
  }
}

export function awsSecrets(
  { startUrl, region }: { readonly startUrl: string; readonly region: string },
  { clientId, clientSecret }: ClientRegistration,
  tokens: SignedInTokens,
  nowMs: number,
): Secrets {
  const kind = startUrl === BUILDER_ID_START_URL ? 'builder-id' : 'idc';
  const { refreshToken, profileArn } = tokens;
  return {
    credential: { kind, refreshToken, clientId, clientSecret, region, startUrl, profileArn },
    accessToken: accessTokenOf(tokens, nowMs),
  };
}

export function socialSecrets(tokens: SignedInTokens, nowMs: number): Secrets {
  const { refreshToken, profileArn } = tokens;
  return {
    credential: { kind: 'social', refreshToken, region: KIRO_REGION, profileArn },
    accessToken: accessTokenOf(tokens, nowMs),
  };
}

/** The only region of Kiro's sign-in service. */
const KIRO_REGION = 'us-east-1';

/** undefined if the service does not say when it expires: the first use then refreshes it. */
function accessTokenOf({ accessToken, expiresInS }: SignedInTokens, nowMs: number): Secrets['accessToken'] {
  return expiresInS === undefined ? undefined : { value: accessToken, expiresAtMs: tokenExpiry(expiresInS, nowMs) };
}
