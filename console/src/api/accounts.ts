/** The accounts, and what can be done with them. */
import { queryOptions } from '@tanstack/react-query';
import type { ListedAccount } from '../../../src/http/admin/contract/account.ts';
import { ACCOUNTS_KEY } from './keys.ts';
import { get } from './request.ts';

export type Account = ListedAccount;

export const accountsQuery = queryOptions({
  queryKey: ACCOUNTS_KEY,
  queryFn: async ({ signal }) =>
    (await get<{ readonly accounts: readonly Account[] }>('/v2/accounts', { signal })).accounts,
});
