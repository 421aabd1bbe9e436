/**
 * Signing in with a code on one screen and a browser on another, step by step: beginning, and asking once whether the
 * person has answered. What has begun is plain data, so that another process can go on with it. Nothing is stored
 * here save the client registration, which serves every sign-in at the same place for about 90 days.
 * Source: the AWS SSO OIDC API, RFC 8628, and for Kiro what its command line does.
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
  RegistrationStore,
  Secrets,
  SignedInTokens,
  SignInEndpoints,
} from '../ports.ts';
import type { SignInPlace } from './place.ts';
import { registered } from './registration.ts';

const USUAL_INTERVAL_S = 5;
export const SLOW_DOWN_MS = 5_000;

/** What is needed to ask again. It holds secrets. */
export type DeviceGrant =
  | {
      readonly type: 'aws';
      readonly startUrl: string;
      readonly region: string;
      readonly client: ClientRegistration;
      readonly deviceCode: string;
    }
  | { readonly type: 'kiro'; readonly deviceCode: string };

export interface BegunDevice {
  readonly grant: DeviceGrant;
  /** With the code already in it, where the service offers that. */
  readonly verificationUrl: string;
  /** Without the code. */
  readonly verificationUri: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  /** Least time between two questions. */
  readonly intervalMs: number;
}

export type DeviceAnswer =
  | Exclude<DevicePoll, { readonly type: 'signed-in' }>
  | { readonly type: 'signed-in'; readonly secrets: Secrets };

export interface SignInParts {
  readonly endpoints: SignInEndpoints;
  readonly registrations: RegistrationStore;
  readonly clock: Clock;
}

export async function beginDevice(place: SignInPlace, parts: SignInParts, signal: AbortSignal): Promise<BegunDevice> {
  const { endpoints, clock } = parts;
  switch (place.type) {
    case 'aws': {
      const { region, startUrl } = place;
      const { client, result } = await registered(place, 'device', parts, signal, (known) =>
        endpoints.startDevice(region, startUrl, known, signal),
      );
      return begun({ type: 'aws', startUrl, region, client, deviceCode: result.deviceCode }, result, clock);
    }
    case 'kiro': {
      const device = await endpoints.startSocialDevice(place.provider, signal);
      return begun({ type: 'kiro', deviceCode: device.deviceCode }, device, clock);
    }
    default:
      return unreachable(place);
  }
}

/** A network which stutters while somebody types a password ends no sign-in: then it is pending. */
export async function askDevice(grant: DeviceGrant, parts: SignInParts, signal: AbortSignal): Promise<DeviceAnswer> {
  try {
    const answer = await ask(grant, parts.endpoints, signal);
    if (answer.type !== 'signed-in') return answer;
    return { type: 'signed-in', secrets: toSecrets(grant, answer.tokens, parts.clock.now()) };
  } catch (cause) {
    const error = GatewayError.from(cause);
    if (!signal.aborted && error.policy.blame === 'upstream') return { type: 'pending' };
    throw error;
  }
}

function ask(grant: DeviceGrant, endpoints: SignInEndpoints, signal: AbortSignal): Promise<DevicePoll> {
  switch (grant.type) {
    case 'aws':
      return endpoints.pollDevice(grant.region, grant.client, grant.deviceCode, signal);
    case 'kiro':
      return endpoints.pollSocialDevice(grant.deviceCode, signal);
    default:
      return unreachable(grant);
  }
}

function begun(grant: DeviceGrant, device: DeviceAuthorization, clock: Clock): BegunDevice {
  return {
    grant,
    verificationUrl: device.verificationUrlComplete ?? device.verificationUrl,
    verificationUri: device.verificationUrl,
    userCode: device.userCode,
    expiresAtMs: clock.now() + (cappedMs(device.expiresInS * 1000, MAX_SIGN_IN_MS) ?? 0),
    intervalMs: cappedMs((device.intervalS ?? USUAL_INTERVAL_S) * 1000, MAX_POLL_INTERVAL_MS) ?? MAX_POLL_INTERVAL_MS,
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

/** Kiro's sign-in service is in this one alone. */
const KIRO_REGION = 'us-east-1';

/** undefined where the service does not say how long it is good for: then the first use makes another. */
function accessTokenOf({ accessToken, expiresInS }: SignedInTokens, nowMs: number): Secrets['accessToken'] {
  return expiresInS === undefined ? undefined : { value: accessToken, expiresAtMs: tokenExpiry(expiresInS, nowMs) };
}
