/** What the admin API depends on. */
import type { Finding } from '../../accounts/imports/finding.ts';
import type { PlanLimits } from '../../accounts/plan-limits.ts';
import type { AccountPatch } from '../../accounts/pool-options.ts';
import type { Skip } from '../../accounts/pooled-account.ts';
import type { Account, DiscardedAccount, NewAccount } from '../../accounts/ports.ts';
import type { Profile } from '../../accounts/sign-in/adopt.ts';
import type { SignIns } from '../../accounts/sign-in/pending.ts';
import type { LimitsReading } from '../../accounts/usage-limits.ts';
import type { Capsule } from '../../capsules/format.ts';
import type { Clock } from '../../core/clock.ts';
import type { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { AdminSessions } from '../../gateway/admin-access/sessions.ts';
import type { Alerts } from '../../gateway/alerts/alerts.ts';
import type { Webhook } from '../../gateway/alerts/ports.ts';
import type { Webhooks } from '../../gateway/alerts/webhooks.ts';
import type { ApiKeys } from '../../gateway/api-keys.ts';
import type { AuditTrail } from '../../gateway/audit/trail.ts';
import type { CaptureMode } from '../../gateway/captures/ring.ts';
import type { EventFeed } from '../../gateway/events/event-feed.ts';
import type { Ledger } from '../../gateway/ledger/ledger.ts';
import type { Gateway } from '../../gateway/ports.ts';
import type { SettingView } from './contract/overview.ts';

interface IamRequest {
  readonly region?: string | undefined;
  readonly awsProfile?: string | undefined;
  readonly label?: string | undefined;
  readonly proxy?: string | undefined;
}

/** How accounts reach the service. */
export interface Connections {
  /** In use now. `reason`: the first for the kind of account, that of the settings, or one that worked when others were refused. */
  wireProfileOf(account: Account): {
    readonly id: string;
    readonly reason: 'default' | 'setting' | 'learned';
    /** When the first profile is tried again. */
    readonly untilMs: number | undefined;
  };
  /**
   * Sends a request without a token to the service. `proxy`: a URL or `direct`, null for that of the settings, undefined
   * for the account's own. Throws `invalid_request` for an invalid one.
   */
  testProxy(account: Account, proxy: string | null | undefined, signal: AbortSignal): Promise<ProxyTest>;
}

interface ProxyTest {
  readonly origin: string;
  /** User and password masked; undefined: that of the settings. */
  readonly proxy: string | undefined;
  readonly durationMs: number;
  /** Undefined: the service answered. */
  readonly error: GatewayError | undefined;
}

/** What the composition root provides. */
export interface AdminDependencies {
  readonly isAdmin: (presented: string) => Promise<boolean>;
  /** Consoles that are signed in. */
  readonly sessions: AdminSessions;
  /** Consumes a one-time ticket; false if it is not valid. */
  redeemTicket(presented: string): Promise<boolean>;
  /** Makes every unused ticket invalid. */
  removeTickets(): Promise<void>;
  readonly accounts: AdminAccounts;
  readonly connections: Connections;
  /** Sign-ins of other programs on this machine. */
  findSignIns(): Promise<readonly Finding[]>;
  readonly signIns: Pick<SignIns, 'start' | 'status' | 'claim'>;
  /** Of the organization of an account with a valid access token. Rejects with the error of the service. */
  listProfiles(account: Account, signal: AbortSignal): Promise<readonly Profile[]>;
  signInWithIam(request: IamRequest): Promise<Account>;
  readonly keys: Pick<ApiKeys, 'list' | 'create' | 'change' | 'rotate' | 'revoke' | 'forget' | 'catchUp'>;
  /** Number of keys in the settings. */
  readonly configuredKeys: number;
  /** Those in effect, as this process knows them. */
  settings(): readonly SettingView[];
  /** Takes over what other processes have changed by now. Rejects with `storage_unavailable`. */
  readSettings(): Promise<void>;
  /** By name; null: the value of the start. Rejects with `invalid_request` that names the setting. */
  changeSettings(changes: Readonly<Record<string, unknown>>): Promise<void>;
  readonly audit: AuditTrail;
  readonly feed: EventFeed;
  /** Undefined: off. */
  readonly ledger?: Pick<Ledger, 'opened' | 'spent' | 'spentOn' | 'stats'> | undefined;
  readonly capsules: CapsuleSource;
  readonly alerts: Pick<Alerts, 'list'>;
  readonly webhooks: Pick<Webhooks, 'test' | 'lastDelivery'>;
  /** Those of the settings at the moment. */
  listWebhooks(): readonly Webhook[];
  /** Hosts of identity providers that are trusted in addition to the built-in ones. */
  readonly idpHosts: readonly string[];
}

/** Captures of recent requests, of all processes that serve together. */
export interface CapsuleSource {
  readonly mode: CaptureMode;
  /** Undefined: no process has a capture of the request. */
  find(id: string, withText: boolean): Promise<CapsuleResult | undefined>;
}

export type CapsuleResult = { readonly type: 'found'; readonly capsule: Capsule } | { readonly type: 'too-large' };

export interface AdminParts extends AdminDependencies {
  readonly gateway: Pick<Gateway, 'models' | 'accountModels'>;
  /** Of dragoman. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the admin API uses of the account pool. */
export interface AdminAccounts {
  /** Rereads the store, which other processes write too. Rejects with `storage_unavailable`. */
  readLatest(): Promise<void>;
  /** With their current health. Contains secrets, so it must not be shown as it is. */
  list(): readonly Account[];
  add(account: NewAccount): Promise<Account>;
  /** For good, also from the trash. False if the account is unknown. */
  remove(id: string): Promise<boolean>;
  /** To the trash. False if the account is unknown. */
  discard(id: string): Promise<boolean>;
  /** undefined if the account is not in the trash. */
  restore(id: string): Promise<Account | undefined>;
  readonly trash: { list(): Promise<readonly DiscardedAccount[]> };
  /** Why a request last went to another account; undefined: none has. */
  lastSkip(id: string): Skip | undefined;
  setEnabled(id: string, enabled: boolean): Promise<boolean>;
  /** Throws `invalid_request` with the field, or `not_found`. */
  patch(id: string, patch: AccountPatch): Promise<Account>;
  /** The last reading; undefined if it was never read. */
  limits(id: string): LimitsReading | undefined;
  readonly planLimits: Pick<PlanLimits, 'state' | 'noteView' | 'readSoon'>;
  /** Asks the service now. Throws its error. */
  readLimits(id: string): Promise<LimitsReading>;
  /** Removes what the service has shown about it. Rejects with `not_found` or `storage_unavailable`. */
  forgetLearned(id: string): Promise<Account>;
  /** Gets a new access token now. */
  refresh(id: string): Promise<Account>;
}
