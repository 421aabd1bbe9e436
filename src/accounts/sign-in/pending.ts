/**
 * Remote sign-in: a client gets a URL and a code, the person confirms it in a browser, and the client claims the account.
 * Each request may reach another replica, or the same one after a restart, so all state is in the store, encrypted. The
 * service is polled only when a client asks, and never faster than the service allows.
 */
import { randomUUID } from 'node:crypto';
import { pause } from '../../core/async.ts';
import { GatewayError } from '../../core/errors.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { Secrets, TokenEndpoints } from '../ports.ts';
import type { Adoption, AdoptionResult } from './adopt.ts';
import { type DeviceGrant, pollDeviceSignIn, SLOW_DOWN_MS, startDeviceSignIn } from './device-grant.ts';
import { cancelled, expired, refusedInBrowser } from './failures.ts';
import { placeOf, type SignInRequest } from './place.ts';
import type { SignInParts } from './registration.ts';

/** How long the person has to confirm. */
const LIMIT_MS = 5 * 60_000;
/** How long the outcome of a sign-in stays available. */
const RETENTION_MS = 24 * 3_600_000;

type SignInState = 'pending' | 'approved' | 'expired' | 'denied';

/** What a client may see; contains no secret. */
export interface SignInStatus {
  readonly id: string;
  readonly state: SignInState;
  /** With the code in it, if the service offers that. */
  readonly verificationUrl: string;
  /** Without the code. */
  readonly verificationUri: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  /** Asking more often returns the same state. */
  readonly intervalMs: number;
  /** Set once the account has been claimed. */
  readonly accountId: string | undefined;
}

export interface StoredSignIn {
  readonly id: string;
  readonly request: SignInRequest;
  readonly grant: DeviceGrant;
  readonly verificationUrl: string;
  /** Absent in sign-ins that an older version started. */
  readonly verificationUri?: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  readonly intervalMs: number;
  readonly askedAtMs: number;
  readonly outcome: SignInOutcome;
}

type SignInOutcome =
  | { readonly state: 'pending' | 'expired' | 'denied' }
  /** The service returns its tokens once; they are kept here until the account is claimed. */
  | { readonly state: 'approved'; readonly secrets: Secrets }
  | { readonly state: 'approved'; readonly accountId: string };

/** Stores remote sign-ins, which outlive the process that started them. */
export interface SignInStore {
  find(id: string): Promise<StoredSignIn | undefined>;
  put(signIn: StoredSignIn, nowMs: number): Promise<void>;
  /** Those whose time was up before then. */
  removeExpired(beforeMs: number): Promise<void>;
  /** As AccountStore's, for one sign-in. */
  exclusively<T>(id: string, work: () => Promise<T>): Promise<T>;
}

export interface ClaimOptions {
  /** One of the profiles that an earlier claim returned. */
  readonly profileArn?: string | undefined;
  /** How long to wait for the person; default: until the sign-in expires. */
  readonly waitMs?: number | undefined;
}

/** `pending`: the person did not answer within `waitMs`. */
export type ClaimResult = AdoptionResult | { readonly type: 'pending'; readonly status: SignInStatus };

export interface SignInsOptions extends Omit<SignInParts, 'endpoints'> {
  readonly store: SignInStore;
  readonly tokens: TokenEndpoints;
  readonly adoption: Adoption;
  /** Default region of the sign-in. */
  readonly region: string;
}

export class SignIns {
  readonly #options: SignInsOptions;

  constructor(options: SignInsOptions) {
    this.#options = options;
  }

  /** Throws `invalid_request` with the field, or `not_found` if the account to replace does not exist. */
  async start(request: SignInRequest, signal: AbortSignal = NEVER): Promise<SignInStatus> {
    const { store, clock, region, adoption } = this.#options;
    const place = placeOf(request, region);
    adoption.checkReplaced(request);
    const device = await startDeviceSignIn(place, this.#parts(request), signal);
    const nowMs = clock.now();
    const signIn: StoredSignIn = {
      ...device,
      id: randomUUID(),
      request,
      expiresAtMs: Math.min(device.expiresAtMs, nowMs + LIMIT_MS),
      askedAtMs: nowMs,
      outcome: { state: 'pending' },
    };
    await store.removeExpired(nowMs - RETENTION_MS);
    await store.put(signIn, nowMs);
    return statusOf(signIn);
  }

  /** Throws `not_found`. */
  async status(id: string, signal: AbortSignal = NEVER): Promise<SignInStatus> {
    return statusOf(await this.#current(id, signal));
  }

  /**
   * The account, added to the pool by the first claim and returned again by later ones; or the profiles to choose from.
   * Throws `not_found`, `credential_rejected` if the person refused or was too late, or `client_closed`.
   */
  async claim(
    id: string,
    { profileArn, waitMs }: ClaimOptions = {},
    signal: AbortSignal = NEVER,
  ): Promise<ClaimResult> {
    const { clock } = this.#options;
    const untilMs = waitMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + waitMs;
    for (;;) {
      const signIn = await this.#current(id, signal);
      const { outcome, intervalMs } = signIn;
      switch (outcome.state) {
        case 'approved':
          return this.#adopt(id, profileArn, signal);
        case 'denied':
          throw refusedInBrowser();
        case 'expired':
          throw expired();
        case 'pending':
          break;
        default:
          return unreachable(outcome);
      }
      const leftMs = untilMs - clock.now();
      if (leftMs <= 0) return { type: 'pending', status: statusOf(signIn) };
      await pause(clock, Math.min(intervalMs, leftMs), signal, cancelled);
    }
  }

  /** The current state; polls the service if a poll is due. */
  async #current(id: string, signal: AbortSignal): Promise<StoredSignIn> {
    const stored = await this.#find(id);
    if (!this.#isDue(stored)) return stored;
    return this.#options.store.exclusively(id, async () => {
      // Another process may have polled while this one waited for the lock.
      const signIn = await this.#find(id);
      return this.#isDue(signIn) ? this.#poll(signIn, signal) : signIn;
    });
  }

  #isDue({ outcome, askedAtMs, intervalMs, expiresAtMs }: StoredSignIn): boolean {
    const nowMs = this.#options.clock.now();
    return outcome.state === 'pending' && (nowMs - askedAtMs >= intervalMs || nowMs >= expiresAtMs);
  }

  async #poll(signIn: StoredSignIn, signal: AbortSignal): Promise<StoredSignIn> {
    const { clock, store } = this.#options;
    const polled =
      clock.now() >= signIn.expiresAtMs
        ? withOutcome(signIn, { state: 'expired' })
        : await this.#pollService({ ...signIn, askedAtMs: clock.now() }, signal);
    await store.put(polled, clock.now());
    return polled;
  }

  async #pollService(signIn: StoredSignIn, signal: AbortSignal): Promise<StoredSignIn> {
    const answer = await pollDeviceSignIn(signIn.grant, this.#parts(signIn.request), signal);
    switch (answer.type) {
      case 'pending':
        return signIn;
      case 'slow-down':
        return { ...signIn, intervalMs: signIn.intervalMs + SLOW_DOWN_MS };
      case 'expired':
      case 'denied':
        return withOutcome(signIn, { state: answer.type });
      // The service dropped the registration, and the code with it.
      case 'client-rejected':
        return withOutcome(signIn, { state: 'expired' });
      case 'signed-in':
        return withOutcome(signIn, { state: 'approved', secrets: answer.secrets });
      default:
        return unreachable(answer);
    }
  }

  #adopt(id: string, profileArn: string | undefined, signal: AbortSignal): Promise<AdoptionResult> {
    const { store, adoption, clock } = this.#options;
    return store.exclusively(id, async () => {
      const signIn = await this.#find(id);
      const { outcome, request } = signIn;
      if (outcome.state !== 'approved') throw expired();
      if ('accountId' in outcome) return { type: 'account', account: await adoption.find(outcome.accountId) };
      const chosen = profileArn === undefined ? request : { ...request, profileArn };
      const result = await adoption.adopt(outcome.secrets, chosen, signal);
      if (result.type === 'account')
        await store.put(withOutcome(signIn, { state: 'approved', accountId: result.account.id }), clock.now());
      return result;
    });
  }

  async #find(id: string): Promise<StoredSignIn> {
    const signIn = await this.#options.store.find(id);
    if (signIn) return signIn;
    throw new GatewayError('not_found', 'There is no sign-in with this id, or it is older than a day. Start another.');
  }

  #parts({ proxy }: SignInRequest): SignInParts {
    const { tokens, registrations, clock } = this.#options;
    return { endpoints: tokens.signIn(proxy), registrations, clock };
  }
}

const NEVER = new AbortController().signal;

function withOutcome(signIn: StoredSignIn, outcome: SignInOutcome): StoredSignIn {
  return { ...signIn, outcome };
}

function statusOf({
  id,
  outcome,
  verificationUrl,
  userCode,
  expiresAtMs,
  intervalMs,
  ...signIn
}: StoredSignIn): SignInStatus {
  const accountId = 'accountId' in outcome ? outcome.accountId : undefined;
  const { verificationUri = verificationUrl } = signIn;
  return { id, state: outcome.state, verificationUrl, verificationUri, userCode, expiresAtMs, intervalMs, accountId };
}
