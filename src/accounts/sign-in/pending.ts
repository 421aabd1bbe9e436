/**
 * Signing in from afar: somebody asks for an address and a code, confirms it in their own browser, and collects the
 * account. Each question may reach another replica, or the same one after a restart, so everything a sign-in needs is
 * in the store, sealed; the service is asked only when somebody asks here, and never faster than it wants.
 */
import { randomUUID } from 'node:crypto';
import { pause } from '../../core/async.ts';
import { GatewayError } from '../../core/errors.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { Secrets, SignInStore, TokenEndpoints } from '../ports.ts';
import type { Adopted, Adoption } from './adopt.ts';
import { askDevice, beginDevice, type DeviceGrant, type SignInParts, SLOW_DOWN_MS } from './device-grant.ts';
import { cancelled, expired, refusedInBrowser } from './failures.ts';
import { placeOf, type SignInRequest } from './place.ts';

/** Whoever has not confirmed by then has gone. */
const LIMIT_MS = 5 * 60_000;
/** How long the outcome of a sign-in can be asked for. */
const KEPT_MS = 24 * 3_600_000;

type SignInState = 'pending' | 'approved' | 'expired' | 'denied';

/** For whoever signs in; no secret in it. */
export interface SignInStatus {
  readonly id: string;
  readonly state: SignInState;
  /** With the code already in it, where the service offers that. */
  readonly verificationUrl: string;
  /** Without the code. */
  readonly verificationUri: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  /** Asking more often than this brings nothing new. */
  readonly intervalMs: number;
  /** Once it has been claimed. */
  readonly accountId: string | undefined;
}

export interface StoredSignIn {
  readonly id: string;
  readonly request: SignInRequest;
  readonly grant: DeviceGrant;
  readonly verificationUrl: string;
  /** Absent in sign-ins that an older version began. */
  readonly verificationUri?: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  readonly intervalMs: number;
  readonly askedAtMs: number;
  readonly outcome: SignInOutcome;
}

type SignInOutcome =
  | { readonly state: 'pending' | 'expired' | 'denied' }
  /** The service's tokens come once: here they wait until somebody claims the account. */
  | { readonly state: 'approved'; readonly secrets: Secrets }
  | { readonly state: 'approved'; readonly accountId: string };

export interface ClaimOptions {
  /** One of those which an earlier claim gave to choose from. */
  readonly profileArn?: string | undefined;
  /** How long to wait for the person; default: until the time is up. */
  readonly waitMs?: number | undefined;
}

/** `pending`: the person has not answered within `waitMs`. */
export type Claimed = Adopted | { readonly type: 'pending'; readonly status: SignInStatus };

export interface SignInsOptions extends Omit<SignInParts, 'endpoints'> {
  readonly store: SignInStore;
  readonly tokens: TokenEndpoints;
  readonly adoption: Adoption;
  /** Where signing in happens unless a request says otherwise. */
  readonly region: string;
}

export class SignIns {
  readonly #options: SignInsOptions;

  constructor(options: SignInsOptions) {
    this.#options = options;
  }

  /** Throws `invalid_request` naming the field, `not_found` for an account to replace which is none. */
  async start(request: SignInRequest, signal: AbortSignal = NEVER): Promise<SignInStatus> {
    const { store, clock, region, adoption } = this.#options;
    const place = placeOf(request, region);
    adoption.checkReplaced(request);
    const begun = await beginDevice(place, this.#parts(request), signal);
    const nowMs = clock.now();
    const signIn: StoredSignIn = {
      ...begun,
      id: randomUUID(),
      request,
      expiresAtMs: Math.min(begun.expiresAtMs, nowMs + LIMIT_MS),
      askedAtMs: nowMs,
      outcome: { state: 'pending' },
    };
    await store.removeExpired(nowMs - KEPT_MS);
    await store.put(signIn, nowMs);
    return statusOf(signIn);
  }

  /** Throws `not_found`. */
  async status(id: string, signal: AbortSignal = NEVER): Promise<SignInStatus> {
    return statusOf(await this.#current(id, signal));
  }

  /**
   * The account, added to the pool at the first claim and given again at later ones; or the profiles to choose from.
   * Throws `not_found`, `credential_rejected` when the person refused or was too late, `client_closed`.
   */
  async claim(id: string, { profileArn, waitMs }: ClaimOptions = {}, signal: AbortSignal = NEVER): Promise<Claimed> {
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

  /** As it is now: the service is asked when it is due. */
  async #current(id: string, signal: AbortSignal): Promise<StoredSignIn> {
    const known = await this.#find(id);
    if (!this.#isDue(known)) return known;
    return this.#options.store.exclusively(id, async () => {
      // Another process may have asked while this one waited for its turn.
      const signIn = await this.#find(id);
      return this.#isDue(signIn) ? this.#ask(signIn, signal) : signIn;
    });
  }

  #isDue({ outcome, askedAtMs, intervalMs, expiresAtMs }: StoredSignIn): boolean {
    const nowMs = this.#options.clock.now();
    return outcome.state === 'pending' && (nowMs - askedAtMs >= intervalMs || nowMs >= expiresAtMs);
  }

  async #ask(signIn: StoredSignIn, signal: AbortSignal): Promise<StoredSignIn> {
    const { clock, store } = this.#options;
    const asked =
      clock.now() >= signIn.expiresAtMs
        ? withOutcome(signIn, { state: 'expired' })
        : await this.#answered({ ...signIn, askedAtMs: clock.now() }, signal);
    await store.put(asked, clock.now());
    return asked;
  }

  async #answered(signIn: StoredSignIn, signal: AbortSignal): Promise<StoredSignIn> {
    const answer = await askDevice(signIn.grant, this.#parts(signIn.request), signal);
    switch (answer.type) {
      case 'pending':
        return signIn;
      case 'slow-down':
        return { ...signIn, intervalMs: signIn.intervalMs + SLOW_DOWN_MS };
      case 'expired':
      case 'denied':
        return withOutcome(signIn, { state: answer.type });
      // The registration is gone, and with it the code: as good as too late.
      case 'client-rejected':
        return withOutcome(signIn, { state: 'expired' });
      case 'signed-in':
        return withOutcome(signIn, { state: 'approved', secrets: answer.secrets });
      default:
        return unreachable(answer);
    }
  }

  #adopt(id: string, profileArn: string | undefined, signal: AbortSignal): Promise<Adopted> {
    const { store, adoption, clock } = this.#options;
    return store.exclusively(id, async () => {
      const signIn = await this.#find(id);
      const { outcome, request } = signIn;
      if (outcome.state !== 'approved') throw expired();
      if ('accountId' in outcome) return { type: 'account', account: await adoption.find(outcome.accountId) };
      const chosen = profileArn === undefined ? request : { ...request, profileArn };
      const adopted = await adoption.adopt(outcome.secrets, chosen, signal);
      if (adopted.type === 'account')
        await store.put(withOutcome(signIn, { state: 'approved', accountId: adopted.account.id }), clock.now());
      return adopted;
    });
  }

  async #find(id: string): Promise<StoredSignIn> {
    const signIn = await this.#options.store.find(id);
    if (signIn) return signIn;
    throw new GatewayError('not_found', 'There is no such sign-in, or it was long ago. Start another.');
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
  ...begun
}: StoredSignIn): SignInStatus {
  const accountId = 'accountId' in outcome ? outcome.accountId : undefined;
  const { verificationUri = verificationUrl } = begun;
  return { id, state: outcome.state, verificationUrl, verificationUri, userCode, expiresAtMs, intervalMs, accountId };
}
