/**
 * Who may call: simulated people with their plans, and the tokens made for them. Refresh tokens are good for one use;
 * access tokens live as long as the service says, by the simulator's clock.
 */
import type { Chance } from './chance.ts';

export type AccountKind = 'builder-id' | 'idc' | 'social' | 'external-idp' | 'api-key' | 'iam';

/**
 * `expired`: the access tokens made so far are refused, the refresh token is good; `revoked`: neither is;
 * `suspended`: the service has locked the account.
 */
export type AccountState = 'ok' | 'expired' | 'revoked' | 'suspended';

export interface SimulatedAccount {
  readonly id: string;
  readonly kind: AccountKind;
  /** The first access token; of an API key, the key itself; of IAM, the access key id. */
  readonly accessToken: string;
  /** Of IAM alone. */
  readonly secretAccessKey?: string;
  /** Of temporary IAM credentials. */
  readonly sessionToken?: string;
  readonly refreshToken?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly startUrl?: string;
  readonly region?: string;
  readonly profileArn?: string;
  /** Further ones which may be chosen. */
  readonly moreProfiles?: readonly string[];
  /** The only region which serves it; default: that of its profile, or any. */
  readonly apiRegion?: string;
  readonly email?: string;
  readonly credits?: { readonly used: number; readonly limit: number };
  /** Ids of the models which its plan includes; default: all. */
  readonly modelIds?: readonly string[];
  /** Default: credits alone, and nothing beyond them. */
  readonly plan?: SimulatedPlan;
  readonly state?: AccountState;
  /** Chat requests within any 60 seconds; more are throttled. Default: no limit. */
  readonly requestsPerMinute?: number;
}

export interface SimulatedPlan {
  /** Default: `KIRO PRO`. */
  readonly title?: string;
  /** One request costs one, and the service lists limits instead of credits, as for Q Developer. */
  readonly countsRequests?: boolean;
  /** Through an AWS account; default `none`. */
  readonly subscription?: 'none' | 'renewing' | 'expiring';
  /** Spent before the plan itself, in this order. */
  readonly extras?: readonly ExtraCredits[];
  /** What may be used beyond the plan; without a cap, as much as is asked for. */
  readonly overage?: { readonly cap?: number };
}

export interface ExtraCredits {
  readonly kind: 'trial' | 'bonus';
  readonly name: string;
  readonly limit: number;
  /** By the simulator's clock. */
  readonly expiresAtMs: number;
}

/** What changes while the simulator runs. */
export interface SimulatedAccountState {
  readonly account: SimulatedAccount;
  state: AccountState;
  creditsUsed: number;
  creditLimit: number;
  /** Credits besides the plan's own, by name. */
  readonly extrasUsed: Map<string, number>;
  /** When the plan is filled again; undefined before the first use. */
  resetMs: number | undefined;
  requestsPerMinute: number;
  /** When the latest chat requests were let through. */
  chatsAtMs: number[];
}

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInS: number;
}

interface AccessToken {
  readonly standing: SimulatedAccountState;
  expiresAtMs: number;
}

interface RefreshToken {
  readonly standing: SimulatedAccountState;
  /** Undefined: not bound to a client (social and external sign-ins). */
  readonly clientId: string | undefined;
  used: boolean;
}

/** Those which the account's plan includes. */
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
    const standing: SimulatedAccountState = {
      account,
      state: account.state ?? 'ok',
      creditsUsed: account.credits?.used ?? 0,
      creditLimit: account.credits?.limit ?? 1_000,
      extrasUsed: new Map(),
      resetMs: undefined,
      requestsPerMinute: account.requestsPerMinute ?? Number.POSITIVE_INFINITY,
      chatsAtMs: [],
    };
    this.#standings.set(account.id, standing);
    const isLasting = account.kind === 'api-key' || account.kind === 'iam';
    const expiresAtMs = isLasting ? Number.POSITIVE_INFINITY : this.#now() + this.#lifeS * 1000;
    this.#access.set(account.accessToken, { standing, expiresAtMs });
    if (account.refreshToken !== undefined)
      this.#refresh.set(account.refreshToken, { standing, clientId: account.clientId, used: false });
    if (standing.state === 'expired') this.expireAccessTokens(account.id);
    return standing;
  }

  all(): readonly SimulatedAccountState[] {
    return [...this.#standings.values()];
  }

  /** Throws for an id nobody has: a mistake in the test or script. */
  standing(id: string): SimulatedAccountState {
    const standing = this.#standings.get(id);
    if (!standing) throw new Error(`the simulator has no account ${JSON.stringify(id)}`);
    return standing;
  }

  /** Undefined: nobody's, or out of date. */
  findByAccessToken(token: string): SimulatedAccountState | undefined {
    const found = this.#access.get(token);
    return found && found.expiresAtMs > this.#now() && found.standing.state !== 'revoked' ? found.standing : undefined;
  }

  /** Whose token it is or was. */
  ofAccessToken(token: string): SimulatedAccountState | undefined {
    return this.#access.get(token)?.standing;
  }

  expireAccessTokens(id: string): void {
    const standing = this.standing(id);
    for (const token of this.#access.values()) if (token.standing === standing) token.expiresAtMs = 0;
  }

  issue(standing: SimulatedAccountState, clientId: string | undefined): TokenPair {
    const accessToken = `aoaSimulated${this.#chance.token(40)}`;
    // Real ones are long; clients take short ones for masked copies.
    const refreshToken = `aorSimulated${this.#chance.token(160)}`;
    this.#access.set(accessToken, { standing, expiresAtMs: this.#now() + this.#lifeS * 1000 });
    this.#refresh.set(refreshToken, { standing, clientId, used: false });
    if (standing.state === 'expired') standing.state = 'ok';
    return { accessToken, refreshToken, expiresInS: this.#lifeS };
  }

  /** Undefined: unknown, used before, another client's, or the account's access was taken away. */
  redeem(refreshToken: string, clientId: string | undefined): TokenPair | undefined {
    const found = this.#refresh.get(refreshToken);
    if (!found || found.used || found.clientId !== clientId || found.standing.state === 'revoked') return undefined;
    found.used = true;
    return this.issue(found.standing, clientId);
  }

  ofRefreshToken(refreshToken: string): SimulatedAccountState | undefined {
    return this.#refresh.get(refreshToken)?.standing;
  }
}
