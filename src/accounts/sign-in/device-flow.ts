/**
 * Signing in at AWS by device flow: a code on one screen, a browser on another. Nothing is stored before the person
 * has said yes, save the client registration, which serves every sign-in at the same place for about 90 days.
 * Source: the AWS SSO OIDC API and RFC 8628.
 */
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { type AwsCredential, BUILDER_ID_START_URL, REGION_PATTERN } from '../credentials.ts';
import type {
  ClientRegistration,
  DeviceAuthorization,
  NewTokens,
  RegistrationStore,
  Secrets,
  TokenEndpoints,
} from '../ports.ts';

/** A refresh token dies with its registration, so a registration near its end is not built upon. */
const RENEW_REGISTRATION_BEFORE_MS = 14 * 24 * 3_600_000;
const USUAL_INTERVAL_S = 5;
const SLOW_DOWN_S = 5;

export interface DeviceFlowOptions {
  readonly tokens: TokenEndpoints;
  readonly registrations: RegistrationStore;
  readonly clock: Clock;
  readonly region: string;
  /** Of an organisation's Identity Center; Builder ID without one. */
  readonly startUrl: string | undefined;
  readonly profileArn: string | undefined;
}

export interface DeviceSignIn {
  /** With the code already in it, where the service offers that. */
  readonly verificationUrl: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  /**
   * Until the person has answered. Rejects with `credential_rejected` when they refused or were too late, with
   * `client_closed` when the signal aborts.
   */
  wait(signal: AbortSignal): Promise<Secrets>;
}

/** Throws `invalid_request` for a region or start URL which cannot be one. */
export async function startDeviceFlow(options: DeviceFlowOptions, signal: AbortSignal): Promise<DeviceSignIn> {
  const startUrl = checkedStartUrl(options.startUrl);
  if (!REGION_PATTERN.test(options.region)) {
    throw new GatewayError('invalid_request', `${JSON.stringify(options.region)} is no AWS region.`, {
      param: 'region',
    });
  }
  const { client, device } = await authorize(options, startUrl, signal);
  const expiresAtMs = options.clock.now() + device.expiresInS * 1000;
  return {
    verificationUrl: device.verificationUrlComplete ?? device.verificationUrl,
    userCode: device.userCode,
    expiresAtMs,
    async wait(waitSignal) {
      const tokens = await poll(options, client, device, expiresAtMs, waitSignal);
      return toSecrets(options, startUrl, client, tokens);
    },
  };
}

interface Authorized {
  readonly client: ClientRegistration;
  readonly device: DeviceAuthorization;
}

/** A registration which the service has forgotten is made anew, once. */
async function authorize(options: DeviceFlowOptions, startUrl: string, signal: AbortSignal): Promise<Authorized> {
  const { tokens, registrations, clock, region } = options;
  const kept = await registrations.find(region, startUrl);
  if (kept && kept.expiresAtMs - clock.now() > RENEW_REGISTRATION_BEFORE_MS) {
    try {
      return { client: kept, device: await tokens.startDevice(region, startUrl, kept, signal) };
    } catch (cause) {
      if (GatewayError.from(cause).code !== 'credential_rejected') throw cause;
    }
  }
  const client = await tokens.registerClient(region, startUrl, signal);
  const device = await tokens.startDevice(region, startUrl, client, signal);
  await registrations.put(region, startUrl, client, clock.now());
  return { client, device };
}

async function poll(
  { tokens, clock, region }: DeviceFlowOptions,
  client: ClientRegistration,
  { deviceCode, intervalS }: DeviceAuthorization,
  expiresAtMs: number,
  signal: AbortSignal,
): Promise<NewTokens & { readonly refreshToken: string }> {
  let pauseMs = (intervalS ?? USUAL_INTERVAL_S) * 1000;
  for (;;) {
    await pause(clock, pauseMs, signal);
    if (clock.now() >= expiresAtMs) throw expired();
    const answer = await pollOnce(() => tokens.pollDevice(region, client, deviceCode, signal), signal);
    switch (answer.type) {
      case 'signed-in':
        return answer.tokens;
      case 'pending':
        break;
      case 'slow-down':
        pauseMs += SLOW_DOWN_S * 1000;
        break;
      case 'expired':
        throw expired();
      case 'denied':
        throw new GatewayError('credential_rejected', 'The sign-in was refused in the browser. Nothing was stored.');
      case 'client-rejected':
        throw new GatewayError('credential_rejected', 'The sign-in service no longer knows this client. Start again.');
    }
  }
}

/** A network which stutters while somebody types a password ends no sign-in. */
async function pollOnce(ask: () => ReturnType<TokenEndpoints['pollDevice']>, signal: AbortSignal) {
  try {
    return await ask();
  } catch (cause) {
    if (signal.aborted) throw cancelled();
    if (GatewayError.from(cause).policy.blame === 'upstream') return { type: 'pending' } as const;
    throw cause;
  }
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (cause) {
    throw signal.aborted ? cancelled() : cause;
  }
}

function toSecrets(
  { clock, region, profileArn }: DeviceFlowOptions,
  startUrl: string,
  client: ClientRegistration,
  tokens: NewTokens & { readonly refreshToken: string },
): Secrets {
  const credential: AwsCredential = {
    kind: startUrl === BUILDER_ID_START_URL ? 'builder-id' : 'idc',
    refreshToken: tokens.refreshToken,
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    region,
    startUrl,
    profileArn: profileArn ?? tokens.profileArn,
  };
  return {
    credential,
    accessToken: { value: tokens.accessToken, expiresAtMs: clock.now() + tokens.expiresInS * 1000 },
  };
}

/** It is shown to the sign-in service, which opens it in the person's browser: no other scheme, no password in it. */
function checkedStartUrl(startUrl: string | undefined): string {
  if (startUrl === undefined) return BUILDER_ID_START_URL;
  const url = URL.canParse(startUrl) ? new URL(startUrl) : undefined;
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') return startUrl.replace(/\/+$/, '');
  throw new GatewayError('invalid_request', 'The start URL must be an https address, as your organisation gave it.', {
    param: 'start_url',
  });
}

function expired(): GatewayError {
  return new GatewayError(
    'credential_rejected',
    'The code has expired before it was confirmed. Start the sign-in again.',
  );
}

function cancelled(): GatewayError {
  return new GatewayError('client_closed', 'The sign-in was cancelled. Nothing was stored.');
}
