/** Leases of accounts. Their shapes are those of the gateway's ports of the same names. */
import type { GatewayError } from '../core/errors.ts';
import type { Choice } from './choice.ts';
import { type CredentialKind, hasFixedToken, profileArnOf, refusalOf } from './credentials.ts';
import type { Account, SignRequest } from './ports.ts';
import type { FreshAccount } from './refresh.ts';

export interface LeaseRequest {
  /** Same over a conversation. */
  readonly conversationId: string;
  /** Accounts which already failed this request. */
  readonly tried: ReadonlySet<string>;
  /** Only accounts of this group. */
  readonly group?: string | undefined;
  /** Whether an account's own list has the model; undefined: unknown, and worth a try. */
  readonly offers?: ((accountId: string) => boolean | undefined) | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** A question about the account, not a reply: it waits for nobody, takes nobody's place, and its success is not counted. */
  readonly control?: boolean;
}

/** What a request needs of an account. */
export interface Lent {
  readonly accountId: string;
  readonly accountLabel: string;
  readonly access: {
    readonly region: string;
    readonly profileArn: string | undefined;
    readonly wireProfile: string;
    readonly baseUrl: string | undefined;
    readonly kind: CredentialKind;
  };
  readonly accessToken: string;
  /** The access token is the credential itself (an API key), which cannot be renewed. */
  readonly hasFixedToken: boolean;
  /** The account's own; may hold a password. */
  readonly proxy: string | undefined;
  /** Instead of the token, for accounts which sign their requests. */
  readonly sign?: SignRequest | undefined;
  /** What it means that the service refuses the credential for good, and what its owner does then. */
  readonly refusal: string;
}

export interface LendOptions {
  /** Id of the wire profile in use for an account. */
  readonly wireProfileOf: (account: Pick<Account, 'id' | 'credential' | 'learned'>) => string;
  /** For an account without an ARN of its own where the wire profile requires one. */
  readonly requiredProfileArn?: (
    wireProfile: string,
    account: Pick<Account, 'credential' | 'learned'>,
  ) => string | undefined;
  /** Replaces the wire profile's host. */
  readonly baseUrl: string | undefined;
}

export function lend(account: FreshAccount, options: LendOptions, sign: SignRequest | undefined): Lent {
  const { id, credential, accessToken, proxy } = account;
  const wireProfile = options.wireProfileOf(account);
  const access = {
    region: credential.region,
    profileArn: profileArnOf(credential) ?? options.requiredProfileArn?.(wireProfile, account),
    wireProfile,
    baseUrl: options.baseUrl,
    kind: credential.kind,
  };
  return {
    accountId: id,
    accountLabel: account.label,
    access,
    accessToken: accessToken.value,
    hasFixedToken: hasFixedToken(credential),
    proxy,
    sign,
    refusal: refusalOf(credential),
  };
}

export interface Lease extends Lent {
  readonly choice: Choice;
  /** Replies of this account under this wire profile have ended with closing events before. */
  readonly sendsClosingEvents: boolean;
  /** Remembers, over restarts too, that this lease's wire profile works where others were refused. Never throws. */
  learnWireProfile(untilMs: number): void;
  /** Remembers for later leases that a reply ended with closing events. Never throws. */
  learnClosingEvents(): void;
  /** A reply was over without them: several in a row mean that the account no longer sends any. Never throws. */
  missClosingEvents(): void;
  /** Instead of `release`, if nothing was sent: the account's slot is free again, as if it had not been leased. */
  cancel(): void;
  release(error: GatewayError | undefined): void;
}
