/** Requests to the pool and the leases that it returns. The same shapes as the gateway's ports of these names. */
import type { GatewayError } from '../core/errors.ts';
import type { Choice } from './choice.ts';
import { type CredentialKind, hasFixedToken, profileArnOf, refusalOf } from './credentials.ts';
import type { Account, SignRequest } from './ports.ts';
import type { FreshAccount } from './refresh.ts';

export interface LeaseRequest {
  /** The same throughout a conversation. */
  readonly conversationId: string;
  /** Accounts that have already failed this request. */
  readonly tried: ReadonlySet<string>;
  /** Only accounts of this group. */
  readonly group?: string | undefined;
  /** True if the account's model list has the model; undefined: unknown, so the account may be tried. */
  readonly offers?: ((accountId: string) => boolean | undefined) | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** A request about the account rather than a reply: it does not wait, takes no slot, and its success is not counted. */
  readonly control?: boolean;
}

/** The data of an account that a request needs. */
export interface LeasedAccount {
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
  /** The account's own proxy; may contain a password. */
  readonly proxy: string | undefined;
  /** Used instead of the token by accounts that sign their requests. */
  readonly sign?: SignRequest | undefined;
  /** If the service rejects the credential for good: what that means, and what to do. */
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

export function lend(account: FreshAccount, options: LendOptions, sign: SignRequest | undefined): LeasedAccount {
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

export interface Lease extends LeasedAccount {
  readonly choice: Choice;
  /** Earlier replies of this account under this wire profile ended with closing events. */
  readonly sendsClosingEvents: boolean;
  /** Stores that this lease's wire profile works after others were refused. Never throws. */
  learnWireProfile(untilMs: number): void;
  /** Records for later leases that a reply ended with closing events. Never throws. */
  learnClosingEvents(): void;
  /** Records a reply without closing events; after several in a row none are expected any more. Never throws. */
  missClosingEvents(): void;
  /** Instead of `release`, if nothing was sent: frees the slot as if the account had not been leased. */
  cancel(): void;
  release(error: GatewayError | undefined): void;
}
