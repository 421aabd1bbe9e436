/** `/v2/accounts`: what there is, and what its owner does with it. */
import type { Account } from '../../accounts/ports.ts';
import { GatewayError } from '../../core/errors.ts';
import { toAccountAnswer, toListedAccount } from './account-view.ts';
import {
  accountAnswer,
  accountList,
  accountPatch,
  addedAccount,
  newAccount,
  patchedAccount,
  removedAccount,
} from './contract/account.ts';
import { ignoredFields } from './ignored-fields.ts';
import { addAccount, findProfiles } from './new-account.ts';
import type { AdminParts } from './parts.ts';
import { replacedCredential } from './replaced-credential.ts';
import { defineRoute } from './route.ts';

export const accountRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v2/accounts',
    summary: 'All accounts',
    answer: accountList,
    run: async ({ accounts, clock }) => ({
      accounts: accounts.list().map((account) => toListedAccount(account, clock.now())),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/v2/accounts',
    summary: 'Add an account by its credential',
    description: 'The credential is write-only. To sign in with a browser instead, see /v2/auth/start.',
    body: newAccount,
    status: 201,
    answer: addedAccount,
    async run(parts, { body, signal }) {
      const account = await addAccount(parts, body);
      const profiles = await findProfiles(parts, account, signal);
      return {
        ...answerOf(parts, find(parts, account.id)),
        profiles: profiles.map(({ arn, name }) => ({ arn, name })),
      };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v2/accounts/:id',
    summary: 'One account',
    answer: accountAnswer,
    run: async (parts, { id }) => answerOf(parts, find(parts, id)),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/v2/accounts/:id',
    summary: 'Change an account',
    description:
      'What is left out stays. Either everything is changed, or nothing. Fields that an account does not have are ignored and named in `adjustments`.',
    body: accountPatch,
    answer: patchedAccount,
    async run(parts, { id, body }) {
      const { enabled, label, priority, weight, groups, maxConcurrency, minIntervalMs, proxy, profileArn } = body;
      const options = { priority, weight, groups, maxConcurrency, minIntervalMs };
      const credential = replacedCredential(parts, find(parts, id), body);
      const patch = { ...options, label, proxy, profileArn, credential };
      const adjustments = ignoredFields(body, accountPatch.shape);
      if (Object.values(patch).some((value) => value !== undefined)) await parts.accounts.patch(id, patch);
      if (enabled !== undefined) await parts.accounts.setEnabled(id, enabled);
      if (adjustments.length > 0) {
        const fields = adjustments.map(({ path }) => path);
        parts.log.warn({ accountId: id, fields }, 'fields that an account does not have were ignored');
      }
      return { ...answerOf(parts, find(parts, id)), adjustments: [...adjustments] };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v2/accounts/:id',
    summary: 'Forget an account and its credential',
    answer: removedAccount,
    async run(parts, { id }) {
      find(parts, id);
      await parts.accounts.remove(id);
      return { removed: id, deleted: id };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v2/accounts/:id/refresh',
    summary: 'Make a new access token now',
    answer: accountAnswer,
    run: async (parts, { id }) => answerOf(parts, await parts.accounts.refresh(find(parts, id).id)),
  }),
];

function answerOf({ clock }: AdminParts, account: Account) {
  return toAccountAnswer(account, clock.now());
}

function find({ accounts }: AdminParts, id: string): Account {
  const account = accounts.list().find((candidate) => candidate.id === id);
  if (account) return account;
  throw new GatewayError('not_found', `There is no account ${JSON.stringify(id.slice(0, 100))}.`);
}
