/** `/v2/accounts`: the accounts and what can be done with them. */
import { z } from 'zod';
import type { Account } from '../../accounts/ports.ts';
import { GatewayError } from '../../core/errors.ts';
import { listWithDetails } from './account-details.ts';
import { toAccountAnswer, toListedAccount, toTrashedAccount } from './account-view.ts';
import {
  accountAnswer,
  accountList,
  accountListQuery,
  accountPatch,
  accountRemoval,
  accountTrash,
  addedAccount,
  newAccount,
  patchedAccount,
  proxyTest,
  removedAccount,
  testedProxy,
} from './contract/account.ts';
import { learnedAnswer } from './contract/learned.ts';
import { toLearnedView } from './learned-view.ts';
import { addAccount, findProfiles } from './new-account.ts';
import type { AdminParts } from './ports.ts';
import { replacedCredential } from './replaced-credential.ts';
import type { AdminApp } from './route.ts';

export function registerAccounts(app: AdminApp, parts: AdminParts): void {
  registerCollection(app, parts);
  registerChanges(app, parts);
  registerLearned(app, parts);
  registerTrash(app, parts);
  registerProxyTest(app, parts);
}

function registerCollection(app: AdminApp, parts: AdminParts): void {
  const { accounts } = parts;
  app.get(
    '/v2/accounts',
    {
      schema: {
        summary: 'List accounts',
        description: 'With `details=true` everything that the Accounts page of the console shows, in one answer.',
        querystring: accountListQuery,
        response: { 200: accountList },
      },
    },
    async ({ query: { details } }) => {
      if (details === 'true') return listWithDetails(parts);
      return { accounts: accounts.list().map((account) => toListedAccount(account, parts)) };
    },
  );
  app.post(
    '/v2/accounts',
    {
      schema: {
        summary: 'Add an account by its credential',
        description: 'The credential is write-only. To sign in with a browser instead, see /v2/auth/start.',
        body: newAccount,
        response: { 201: addedAccount },
      },
    },
    async ({ body, exchange }, reply) => {
      const account = await addAccount(parts, body);
      const profiles = await findProfiles(parts, account, exchange.gone.signal);
      reply.code(201);
      return {
        ...answerOf(parts, find(parts, account.id)),
        profiles: profiles.map(({ arn, name }) => ({ arn, name })),
      };
    },
  );
  app.get(
    '/v2/accounts/:id',
    { schema: { summary: 'Get an account', params: byId, response: { 200: accountAnswer } } },
    async ({ params }) => answerOf(parts, find(parts, params.id)),
  );
}

function registerChanges(app: AdminApp, parts: AdminParts): void {
  const { accounts, log } = parts;
  app.patch(
    '/v2/accounts/:id',
    {
      schema: {
        summary: 'Change an account',
        description:
          'Fields that are left out stay as they are. Either everything is changed or nothing. Fields that an account does not have are ignored and named in `adjustments`.',
        params: byId,
        body: accountPatch,
        response: { 200: patchedAccount },
      },
    },
    async ({ params: { id }, body }) => {
      const adjustments = ignoredFields(body, accountPatch().shape);
      await change(parts, id, body);
      if (adjustments.length > 0) {
        const fields = adjustments.map(({ path }) => path);
        log.warn({ accountId: id, fields }, 'fields that an account does not have were ignored');
      }
      return { ...answerOf(parts, find(parts, id)), adjustments: [...adjustments] };
    },
  );
  app.delete(
    '/v2/accounts/:id',
    {
      schema: {
        summary: 'Remove an account',
        description:
          'It gets no further requests. Its credential is kept for seven days, in which the account can be restored, and is then deleted.',
        params: byId,
        querystring: accountRemoval,
        response: { 200: removedAccount },
      },
    },
    async ({ params: { id }, query: { forget } }) => {
      const isKnown = forget === 'true' ? await accounts.remove(id) : await accounts.discard(id);
      if (!isKnown) throw noSuchAccount(id);
      return { removed: id, deleted: id };
    },
  );
  app.post(
    '/v2/accounts/:id/refresh',
    {
      schema: {
        summary: 'Get a new access token now',
        description: 'Then reads the usage of the plan in the background; an `account` event follows.',
        params: byId,
        response: { 200: accountAnswer },
      },
    },
    async ({ params }) => {
      const refreshed = await accounts.refresh(find(parts, params.id).id);
      accounts.planLimits.readSoon(refreshed.id);
      return answerOf(parts, refreshed);
    },
  );
}

function registerLearned(app: AdminApp, parts: AdminParts): void {
  const { accounts, clock } = parts;
  const viewOf = ({ id, learned }: Account) => ({ id, learned: toLearnedView(learned, clock.now()) });
  app.get(
    '/v2/accounts/:id/learned',
    {
      schema: {
        summary: 'Get what the service has shown about an account',
        params: byId,
        response: { 200: learnedAnswer },
      },
    },
    async ({ params }) => viewOf(find(parts, params.id)),
  );
  app.delete(
    '/v2/accounts/:id/learned',
    {
      schema: {
        summary: 'Forget what the service has shown about an account',
        description: 'The next request begins with the first wire profile and the default reading of every rule.',
        params: byId,
        response: { 200: learnedAnswer },
      },
    },
    async ({ params }) => viewOf(await accounts.forgetLearned(find(parts, params.id).id)),
  );
}

function registerTrash(app: AdminApp, parts: AdminParts): void {
  const { accounts } = parts;
  app.get(
    '/v2/trash',
    { schema: { summary: 'List removed accounts that can be restored', response: { 200: accountTrash } } },
    async () => ({
      accounts: (await accounts.trash.list()).map(toTrashedAccount),
    }),
  );
  app.post(
    '/v2/accounts/:id/restore',
    {
      schema: {
        summary: 'Restore a removed account',
        description: 'With its credential, options and counters, within seven days after its removal.',
        params: byId,
        response: { 200: accountAnswer },
      },
    },
    async ({ params: { id } }) => {
      const restored = await accounts.restore(id);
      if (restored) return answerOf(parts, restored);
      throw new GatewayError('not_found', `There is no removed account ${JSON.stringify(id.slice(0, 100))}.`);
    },
  );
}

function registerProxyTest(app: AdminApp, parts: AdminParts): void {
  app.post(
    '/v2/accounts/:id/proxy-test',
    {
      schema: {
        summary: 'Test the proxy of an account',
        description: 'Sends a request without a token to the service, through the proxy. Saves nothing.',
        params: byId,
        body: proxyTest,
        response: { 200: testedProxy },
      },
      config: { bodyIsOptional: true },
    },
    async ({ params: { id }, body, exchange }) => {
      const account = find(parts, id);
      const tested = await parts.connections.testProxy(account, body.proxy, exchange.gone.signal);
      const { origin, proxy = null, durationMs, error } = tested;
      const problem = error ? { code: error.code, message: error.message } : null;
      return { ok: problem === null, origin, proxy, durationMs: Math.round(durationMs), error: problem };
    },
  );
}

const byId = z.object({ id: z.string() });

async function change(parts: AdminParts, id: string, body: z.output<ReturnType<typeof accountPatch>>): Promise<void> {
  const { enabled, label, priority, weight, groups, maxConcurrency, minIntervalMs, proxy, profileArn } = body;
  const options = { priority, weight, groups, maxConcurrency, minIntervalMs };
  const credential = replacedCredential(parts, find(parts, id), body);
  const patch = { ...options, label, proxy, profileArn, credential };
  if (Object.values(patch).some((value) => value !== undefined)) await parts.accounts.patch(id, patch);
  if (enabled !== undefined) await parts.accounts.setEnabled(id, enabled);
}

function answerOf(parts: AdminParts, account: Account) {
  return toAccountAnswer(account, parts);
}

function find({ accounts }: AdminParts, id: string): Account {
  const account = accounts.list().find((candidate) => candidate.id === id);
  if (account) return account;
  throw noSuchAccount(id);
}

function noSuchAccount(id: string): GatewayError {
  return new GatewayError('not_found', `There is no account ${JSON.stringify(id.slice(0, 100))}.`);
}

const MAX_REPORTED = 20;
const MAX_NAME_CHARS = 100;

/** An Adjustment by the rule of docs/adjustments.md. */
interface IgnoredField {
  readonly rule: 'field-ignored';
  readonly path: string;
}

/** Every key outside `known`, by name alone: the value of a misspelt field may be a secret. */
function ignoredFields(body: object, known: Readonly<Record<string, unknown>>): readonly IgnoredField[] {
  return Object.keys(body)
    .filter((key) => !Object.hasOwn(known, key))
    .slice(0, MAX_REPORTED)
    .map((key) => ({ rule: 'field-ignored', path: key.slice(0, MAX_NAME_CHARS) }));
}
