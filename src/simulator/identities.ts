/**
 * Simulated accounts with their plans and tokens. Refresh tokens are valid for one use;
 * access tokens expire by the simulator's clock.
 */
import type { Chance } from './chance.ts';

export type AccountKind = 'builder-id' | 'idc' | 'social' | 'external-idp' | 'api-key' | 'iam';

/**
 * `expired`: the access tokens issued so far are rejected, the refresh token is valid; `revoked`: both are rejected;
 * `suspended`: the service has locked the account.
 */
export type AccountState = 'ok' | 'expired' | 'revoked' | 'suspended';

export interface SimulatedAccount {
  readonly id: string;
  readonly kind: AccountKind;
  /** The first access token; for an API key, the key itself; for IAM, the access key id. */
  readonly accessToken: string;
  /** For IAM only. */
  readonly secretAccessKey?: string;
  /** For temporary IAM credentials. */
  readonly sessionToken?: string;
  readonly refreshToken?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly startUrl?: string;
  readonly region?: string;
  readonly profileArn?: string;
  /** Further profiles to choose from. */
  readonly moreProfiles?: readonly string[];
  /** The only region that serves the account; default: that of its profile, or any. */
  readonly apiRegion?: string;
  readonly email?: string;
  readonly credits?: { readonly used: number; readonly limit: number };
  /** Ids of the models that its plan includes; default: all. */
  readonly modelIds?: readonly string[];
  /** Default: credits without overage. */
  readonly plan?: SimulatedPlan;
  readonly state?: AccountState;
  /** Chat requests in any 60 seconds before throttling. Default: no limit. */
  readonly requestsPerMinute?: number;
}

export interface SimulatedPlan {
  /** Default: `KIRO PRO`. */
  readonly title?: string;
  /** Each request costs one, and the service lists limits instead of credits, as for Q Developer. */
  readonly countsRequests?: boolean;
  /** A subscription through an AWS account; default `none`. */
  readonly subscription?: 'none' | 'renewing' | 'expiring';
  /** Credits used before the plan's own, in this order. */
  readonly extras?: readonly ExtraCredits[];
  /** Usage beyond the plan; unlimited without a cap. */
  readonly overage?: { readonly cap?: number };
}

export interface ExtraCredits {
  readonly kind: 'trial' | 'bonus';
  readonly name: string;
  readonly limit: number;
  /** By the simulator's clock. */
  readonly expiresAtMs: number;
}

/** The mutable state of an account. */
export interface SimulatedAccountState {
  readonly account: SimulatedAccount;
  state: AccountState;
  creditsUsed: number;
  creditLimit: number;
  /** Used extra credits by name. */
  readonly extrasUsed: Map<string, number>;
  /** When the plan resets; undefined before the first use. */
  resetMs: number | undefined;
  requestsPerMinute: number;
  /** Times of the latest accepted chat requests. */
  chatsAtMs: number[];
}

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInS: number;
}

interface AccessToken {
  readonly accountState: SimulatedAccountState;
  expiresAtMs: number;
}

interface RefreshToken {
  readonly accountState: SimulatedAccountState;
  /** Undefined if not bound to a client (social and external sign-ins). */
  readonly clientId: string | undefined;
  used: boolean;
}

/** The models that the account's plan includes. */
export function modelsOf<M extends { readonly modelId: string }>(
  { account: { modelIds } }: SimulatedAccountState,
  models: readonly M[],
): readonly M[] {
  return modelIds ? models.filter(({ modelId }) => modelIds.includes(modelId)) : models;
}

export class Identities {
  readonly #standings = new Map<string, SimulatedAccountState>();
  readonly #access = new Map<string, AccessToken>();
  readonly #refresh = new Map<string, RefreshToken>();
  readonly #chance: Chance;
  readonly #now: () => number;
  readonly #lifeS: number;

  constructor(accounts: readonly SimulatedAccount[], chance: Chance, now: () => number, accessTokenLifeS: number) {
    this.#chance = chance;
    this.#now = now;
    this.#lifeS = accessTokenLifeS;
    for (const account of accounts) this.add(account);
  }

  add(account: SimulatedAccount): SimulatedAccountState {
    const accountState: SimulatedAccountState = {
      account,
      state: account.state ?? 'ok',
      creditsUsed: account.credits?.used ?? 0,
      creditLimit: account.credits?.limit ?? 1_000,
      extrasUsed: new Map(),
      resetMs: undefined,
      requestsPerMinute: account.requestsPerMinute ?? Number.POSITIVE_INFINITY,
      chatsAtMs: [],
    };
    this.#standings.set(account.id, accountState);
    const isLasting = account.kind === 'api-key' || account.kind === 'iam';
    const expiresAtMs = isLasting ? Number.POSITIVE_INFINITY : this.#now() + this.#lifeS * 1000;
    this.#access.set(account.accessToken, { accountState, expiresAtMs });
    if (account.refreshToken !== undefined)
      this.#refresh.set(account.refreshToken, { accountState, clientId: account.clientId, used: false });
    if (accountState.state === 'expired') this.expireAccessTokens(account.id);
    return accountState;
  }

  all(): readonly SimulatedAccountState[] {
    return [...this.#standings.values()];
  }

  /** Throws for an unknown id, a mistake in the test or script. */
  accountState(id: string): SimulatedAccountState {
    const accountState = this.#standings.get(id);
    if (!accountState) throw new Error(`the simulator has no account ${JSON.stringify(id)}`);
    return accountState;
  }

  /** Undefined if unknown or expired. */
  findByAccessToken(token: string): SimulatedAccountState | undefined {
    const found = this.#access.get(token);
    return found && found.expiresAtMs > this.#now() && found.accountState.state !== 'revoked'
      ? found.accountState
      : undefined;
  }

  /** The account that the token belongs or belonged to. */
  ofAccessToken(token: string): SimulatedAccountState | undefined {
    return this.#access.get(token)?.accountState;
  }

  expireAccessTokens(id: string): void {
    const accountState = this.accountState(id);
    for (const token of this.#access.values()) if (token.accountState === accountState) token.expiresAtMs = 0;
  }

  issue(accountState: SimulatedAccountState, clientId: string | undefined): TokenPair {
    const accessToken = `aoaSimulated${this.#chance.token(40)}`;
    // Real tokens are long; clients treat short ones as masked copies.
    const refreshToken = `aorSimulated${this.#chance.token(160)}`;
    this.#access.set(accessToken, { accountState, expiresAtMs: this.#now() + this.#lifeS * 1000 });
    this.#refresh.set(refreshToken, { accountState, clientId, used: false });
    if (accountState.state === 'expired') accountState.state = 'ok';
    return { accessToken, refreshToken, expiresInS: this.#lifeS };
  }

  /** Undefined if unknown, used before, issued to another client, or if the account was revoked. */
  redeem(refreshToken: string, clientId: string | undefined): TokenPair | undefined {
    const found = this.#refresh.get(refreshToken);
    if (!found || found.used || found.clientId !== clientId || found.accountState.state === 'revoked') return undefined;
    found.used = true;
    return this.issue(found.accountState, clientId);
  }

  ofRefreshToken(refreshToken: string): SimulatedAccountState | undefined {
    return this.#refresh.get(refreshToken)?.accountState;
  }
}
