/** The accounts, what is left of their plans, and what can be done with them. */
import { queryOptions } from '@tanstack/react-query';
import type {
  AccountAnswer,
  AccountList,
  DetailedAccount,
  NewAccountBody,
  TestedProxy,
  TrashedAccount,
} from '../../../src/http/admin/contract/account.ts';
import type { FoundSignIn } from '../../../src/http/admin/contract/import.ts';
import type { PlanUsage } from '../../../src/http/admin/contract/overview.ts';
import type { ClaimView, SignInView } from '../../../src/http/admin/contract/sign-in.ts';
import { ACCOUNTS_KEY, MODELS_KEY } from './keys.ts';
import { queryClient } from './query-client.ts';
import { get, patch, post, remove } from './request.ts';

export type Account = DetailedAccount;
export type { FoundSignIn, PlanUsage, SignInView, TestedProxy };

/** While the gateway reads a plan for the first time: an event says when it has, but another process may have read it. */
const READ_AGAIN_MS = 5_000;

/** Everything that the page shows, in one request. Never waits for the service. */
export const accountsQuery = queryOptions({
  queryKey: ACCOUNTS_KEY,
  queryFn: ({ signal }) => get<AccountList>('/v2/accounts', { query: { details: true }, signal }),
  refetchInterval: ({ state }) => state.data?.accounts.some(({ usage }) => usage === null) === true && READ_AGAIN_MS,
});

/** The accounts alone. */
export const accountListQuery = queryOptions({ ...accountsQuery, select: ({ accounts }) => accounts });

export const importsQuery = queryOptions({
  queryKey: ['imports'],
  queryFn: async ({ signal }) =>
    (await get<{ readonly found: readonly FoundSignIn[] }>('/v2/imports', { signal })).found,
  staleTime: 0,
});

export interface AccountChanges {
  readonly label?: string;
  readonly enabled?: boolean;
  readonly priority?: number;
  readonly weight?: number;
  readonly groups?: readonly string[];
  readonly maxConcurrency?: number | null;
  readonly minIntervalMs?: number;
  readonly proxy?: string | null;
  readonly profileArn?: string | null;
}

/** Shown at once, and taken back if the gateway refuses it. */
export async function changeAccount(id: string, changes: AccountChanges): Promise<void> {
  const before = showChange(id, (account) => ({
    ...account,
    ...(changes.label !== undefined && { label: changes.label }),
    ...(changes.enabled !== undefined && {
      enabled: changes.enabled,
      state: { ...account.state, status: changes.enabled ? ('ready' as const) : ('disabled' as const) },
    }),
  }));
  try {
    const { account } = await patch<AccountAnswer>(`/v2/accounts/${id}`, changes);
    showChange(id, (shown) => ({ ...shown, ...account }));
  } catch (error) {
    queryClient.setQueryData(accountsQuery.queryKey, before);
    throw error;
  }
}

function showChange(id: string, change: (account: Account) => Account): AccountList | undefined {
  return show((accounts) => accounts.map((account) => (account.id === id ? change(account) : account)));
}

/** Returns what was shown before. */
function show(change: (accounts: readonly Account[]) => Account[]): AccountList | undefined {
  const before = queryClient.getQueryData(accountsQuery.queryKey);
  queryClient.setQueryData(accountsQuery.queryKey, (shown) => shown && { ...shown, accounts: change(shown.accounts) });
  return before;
}

export async function refreshAccount(id: string): Promise<void> {
  await post(`/v2/accounts/${id}/refresh`).finally(invalidateAccounts);
}

export async function addAccount(body: NewAccountBody): Promise<AccountAnswer> {
  return await post<AccountAnswer>('/v2/accounts', body).finally(invalidateAccounts);
}

export async function importSignIns(ids: readonly string[]): Promise<number> {
  const { accounts } = await post<{ readonly accounts: readonly unknown[] }>('/v2/imports', { ids }).finally(
    invalidateAccounts,
  );
  return accounts.length;
}

/** Hidden at once. The gateway keeps it in its trash. Rejects with ApiError, and shows it again. */
export async function removeAccount(id: string): Promise<void> {
  const before = show((accounts) => accounts.filter((account) => account.id !== id));
  try {
    await remove(`/v2/accounts/${id}`);
  } catch (error) {
    queryClient.setQueryData(accountsQuery.queryKey, before);
    throw error;
  } finally {
    await invalidateAccounts();
  }
}

export type DiscardedAccount = TrashedAccount;

export async function restoreAccount(id: string): Promise<void> {
  await post(`/v2/accounts/${id}/restore`).finally(invalidateAccounts);
}

/** For good, with its credential. */
export async function deleteAccount(id: string): Promise<void> {
  await remove(`/v2/accounts/${id}`, { query: { forget: true } }).finally(invalidateAccounts);
}

/** `proxy`: as in AccountChanges; undefined: the account's own. Saves nothing. */
export function testProxy(id: string, proxy: string | null | undefined): Promise<TestedProxy> {
  return post<TestedProxy>(`/v2/accounts/${id}/proxy-test`, { proxy });
}

/** The next request begins with the first wire profile again. */
export async function forgetLearned(id: string): Promise<void> {
  await remove(`/v2/accounts/${id}/learned`).finally(invalidateAccounts);
}

export interface SignInOptions {
  readonly startUrl?: string;
  readonly region?: string;
  readonly social?: 'google' | 'github';
  readonly label?: string;
  /** The account whose credential the sign-in replaces. */
  readonly accountId?: string;
}

export function startSignIn(options: SignInOptions): Promise<SignInView> {
  return post<SignInView>('/v2/auth/start', options);
}

/** The gateway answers when the person has, or after this time. */
const CLAIM_WAIT_MS = 20_000;

export async function claimSignIn(
  authId: string,
  profileArn: string | undefined,
  signal: AbortSignal,
): Promise<ClaimView> {
  const claim = await post<ClaimView>(`/v2/auth/claim/${authId}`, { profileArn, waitMs: CLAIM_WAIT_MS }, { signal });
  if (claim.status === 'approved') await invalidateAccounts();
  return claim;
}

async function invalidateAccounts(): Promise<void> {
  await Promise.all([ACCOUNTS_KEY, MODELS_KEY].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
}
