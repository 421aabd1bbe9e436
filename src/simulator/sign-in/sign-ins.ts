/** State of sign-ins: registered clients, pending device codes, authorization codes. */
import type { Chance } from '../chance.ts';
import type { Identities, SimulatedAccount, SimulatedAccountState, TokenPair } from '../identities.ts';

/** As in SimulatorOptions. */
export interface SignInSettings {
  readonly approveAfterPolls: number;
  readonly deviceCodeLifeS: number;
  readonly pollIntervalS: number;
}

const REGISTRATION_LIFE_S = 90 * 24 * 3600;

export interface Registration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly issuedAtS: number;
  readonly expiresAtS: number;
  readonly metadata: ClientMetadata;
}

/** A client's registration. */
export interface ClientMetadata {
  readonly startUrl?: string | undefined;
  /** Absent: any. */
  readonly grantTypes?: readonly string[] | undefined;
  readonly redirectUris?: readonly string[] | undefined;
}

export interface DeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly clientId: string | undefined;
  readonly accountState: SimulatedAccountState;
  readonly expiresAtMs: number;
  answer: 'pending' | 'approved' | 'denied' | 'redeemed';
  intervalS: number;
  polledAtMs: number | undefined;
  polls: number;
}

interface AuthorizationCode {
  readonly accountState: SimulatedAccountState;
  readonly clientId: string | undefined;
  readonly challenge: string;
  /** The token request must repeat it exactly. */
  readonly redirectUri: string;
}

/** Lifetime of an authorization code. */
const CODE_LIFE_MS = 10 * 60_000;

export type PollOutcome =
  | { readonly type: 'authorization_pending' | 'slow_down' | 'expired_token' | 'access_denied' | 'invalid_grant' }
  | { readonly type: 'tokens'; readonly tokens: TokenPair; readonly accountState: SimulatedAccountState };

export class SignIns {
  readonly #identities: Identities;
  readonly #chance: Chance;
  readonly #now: () => number;
  readonly #settings: SignInSettings;
  readonly #registrations = new Map<string, Registration>();
  readonly #devices = new Map<string, DeviceCode>();
  readonly #codes = new Map<string, AuthorizationCode & { readonly expiresAtMs: number }>();

  constructor(identities: Identities, chance: Chance, now: () => number, settings: SignInSettings) {
    this.#identities = identities;
    this.#chance = chance;
    this.#now = now;
    this.#settings = settings;
    for (const { account } of identities.all()) this.#registerOwn(account);
  }

  /** Registers the client that an account's refresh token belongs to. */
  #registerOwn({ clientId, clientSecret }: SimulatedAccount): void {
    if (clientId !== undefined && clientSecret !== undefined) this.#put(clientId, clientSecret);
  }

  register(metadata: ClientMetadata): Registration {
    return this.#put(`simulated-${this.#chance.token(22)}`, `eyJzaW11bGF0ZWQi${this.#chance.token(120)}`, metadata);
  }

  #put(clientId: string, clientSecret: string, metadata: ClientMetadata = {}): Registration {
    const issuedAtS = Math.floor(this.#now() / 1000);
    const expiresAtS = issuedAtS + REGISTRATION_LIFE_S;
    const registration = { clientId, clientSecret, issuedAtS, expiresAtS, metadata };
    this.#registrations.set(clientId, registration);
    return registration;
  }

  /** Whether the client is registered with this secret and has not expired. */
  isClient(clientId: string | undefined, clientSecret: string | undefined): boolean {
    const registration = clientId === undefined ? undefined : this.#registrations.get(clientId);
    if (!registration || registration.clientSecret !== clientSecret) return false;
    return registration.expiresAtS * 1000 > this.#now();
  }

  /** Undefined if unknown or expired. */
  findClient(clientId: string): Registration | undefined {
    const registration = this.#registrations.get(clientId);
    return registration && registration.expiresAtS * 1000 > this.#now() ? registration : undefined;
  }

  startDevice(accountState: SimulatedAccountState, clientId: string | undefined): DeviceCode {
    const device: DeviceCode = {
      deviceCode: this.#chance.token(43),
      userCode: `${this.#chance.letters(4)}-${this.#chance.letters(4)}`,
      clientId,
      accountState,
      expiresAtMs: this.#now() + this.#settings.deviceCodeLifeS * 1000,
      answer: 'pending',
      intervalS: this.#settings.pollIntervalS,
      polledAtMs: undefined,
      polls: 0,
    };
    this.#devices.set(device.deviceCode, device);
    return device;
  }

  findDevice(userCode: string): DeviceCode | undefined {
    return [...this.#devices.values()].find((device) => device.userCode === userCode.toUpperCase());
  }

  /** Throws for an unknown code, a mistake in a test. */
  decide(userCode: string, answer: 'approved' | 'denied'): void {
    const device = this.findDevice(userCode);
    if (!device) throw new Error(`unknown user code ${JSON.stringify(userCode)}`);
    if (device.answer === 'pending') device.answer = answer;
  }

  poll(deviceCode: string | undefined, clientId: string | undefined): PollOutcome {
    const device = deviceCode === undefined ? undefined : this.#devices.get(deviceCode);
    if (!device || device.clientId !== clientId || device.answer === 'redeemed') return { type: 'invalid_grant' };
    const nowMs = this.#now();
    if (device.expiresAtMs <= nowMs) return { type: 'expired_token' };
    if (this.#isTooFast(device, nowMs)) return { type: 'slow_down' };
    device.polls += 1;
    if (device.answer === 'pending' && device.polls > this.#settings.approveAfterPolls) device.answer = 'approved';
    if (device.answer === 'pending') return { type: 'authorization_pending' };
    if (device.answer === 'denied') return { type: 'access_denied' };
    device.answer = 'redeemed';
    const tokens = this.#identities.issue(device.accountState, clientId);
    return { type: 'tokens', tokens, accountState: device.accountState };
  }

  /** Tolerates a tenth of the interval, because timers fire slightly early or late. */
  #isTooFast(device: DeviceCode, nowMs: number): boolean {
    const { polledAtMs, intervalS } = device;
    device.polledAtMs = nowMs;
    if (polledAtMs === undefined || nowMs - polledAtMs >= intervalS * 900) return false;
    device.intervalS += 5;
    return true;
  }

  startCode(code: AuthorizationCode): string {
    const value = this.#chance.token(43);
    this.#codes.set(value, { ...code, expiresAtMs: this.#now() + CODE_LIFE_MS });
    return value;
  }

  /** A code is valid once, for ten minutes. */
  takeCode(value: string | undefined): AuthorizationCode | undefined {
    const code = value === undefined ? undefined : this.#codes.get(value);
    if (value !== undefined) this.#codes.delete(value);
    return code && code.expiresAtMs > this.#now() ? code : undefined;
  }
}
