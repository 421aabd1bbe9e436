/** Requests to the pool and the leases that it returns. The same shapes as the gateway's ports of these names. */
import type { GatewayError } from '../core/errors.ts';
import type { LearnedWireProfile, RuleReadings } from '../core/learned-facts.ts';
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
    readonly readings?: RuleReadings | undefined;
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
  /** Makes the account begin with its first wire profile again. */
  readonly forgetWireProfile?: (accountId: string) => void;
  /** For an account without an ARN of its own where the wire profile requires one. */
  readonly requiredProfileArn?: (
    wireProfile: string,
    account: Pick<Account, 'credential' | 'learned'>,
  ) => string | undefined;
  /** Replaces the wire profile's host. */
  readonly baseUrl: string | undefined;
}

export function lend(
  account: FreshAccount,
  wireProfile: string,
  options: LendOptions,
  sign: SignRequest | undefined,
): LeasedAccount {
  const { id, credential, accessToken, proxy } = account;
  const access = {
    region: credential.region,
    profileArn: profileArnOf(credential) ?? options.requiredProfileArn?.(wireProfile, account),
    wireProfile,
    baseUrl: options.baseUrl,
    kind: credential.kind,
    readings: account.learned.readings?.[wireProfile]?.readings,
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
  learnWireProfile(learned: LearnedWireProfile): void;
  /** Records for later leases that a reply ended with closing events. Never throws. */
  learnClosingEvents(): void;
  /** Records a reply without closing events; after several in a row none are expected any more. Never throws. */
  missClosingEvents(): void;
  /** Instead of `release`, if nothing was sent: frees the slot as if the account had not been leased. */
  cancel(): void;
  release(error: GatewayError | undefined): void;
}

/** What a lease tells its pool. */
export interface Lender<Slot> {
  learnWireProfile(accountId: string, learned: LearnedWireProfile): void;
  learnClosingEvents(accountId: string, wireProfile: string): void;
  missClosingEvents(accountId: string, wireProfile: string): void;
  leave(slot: Slot): void;
  release(slot: Slot, accessToken: string, error: GatewayError | undefined): void;
}

/** A class rather than closures, since every request has one. */
export class PoolLease<Slot extends { readonly choice: Choice }> implements Lease {
  readonly accountId: string;
  readonly accountLabel: string;
  readonly access: LeasedAccount['access'];
  readonly accessToken: string;
  readonly hasFixedToken: boolean;
  readonly proxy: string | undefined;
  readonly sign: SignRequest | undefined;
  readonly refusal: string;
  readonly choice: Choice;
  readonly sendsClosingEvents: boolean;
  readonly #slot: Slot;
  readonly #lender: Lender<Slot>;
  #isReleased = false;

  constructor(leased: LeasedAccount, slot: Slot, sendsClosingEvents: boolean, lender: Lender<Slot>) {
    this.accountId = leased.accountId;
    this.accountLabel = leased.accountLabel;
    this.access = leased.access;
    this.accessToken = leased.accessToken;
    this.hasFixedToken = leased.hasFixedToken;
    this.proxy = leased.proxy;
    this.sign = leased.sign;
    this.refusal = leased.refusal;
    this.choice = slot.choice;
    this.sendsClosingEvents = sendsClosingEvents;
    this.#slot = slot;
    this.#lender = lender;
  }

  learnWireProfile(learned: LearnedWireProfile): void {
    this.#lender.learnWireProfile(this.accountId, learned);
  }

  learnClosingEvents(): void {
    this.#lender.learnClosingEvents(this.accountId, this.access.wireProfile);
  }

  missClosingEvents(): void {
    this.#lender.missClosingEvents(this.accountId, this.access.wireProfile);
  }

  cancel(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#lender.leave(this.#slot);
  }

  release(error: GatewayError | undefined): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#lender.release(this.#slot, this.accessToken, error);
  }
}
