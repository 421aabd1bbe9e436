/** `/v2/keys`: client API keys. */
import { z } from 'zod';
import type { KeyChange } from '../../gateway/stored-keys.ts';
import { readBudgets } from './budgets.ts';
import { removedAnswer } from './contract/account.ts';
import type { BudgetView } from './contract/budget.ts';
import {
  type KeyPatchBody,
  keyAnswer,
  keyList,
  keyPatch,
  keyQuery,
  madeKey,
  newKey,
  rotation,
} from './contract/key.ts';
import { toKeyView } from './key-view.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

export function registerKeys(app: AdminApp, parts: AdminParts): void {
  registerCollection(app, parts);
  registerChanges(app, parts);
}

function registerCollection(app: AdminApp, parts: AdminParts): void {
  const { keys, configuredKeys, clock } = parts;
  app.get(
    '/v2/keys',
    {
      schema: {
        summary: 'List client API keys',
        description: 'Those of the settings are counted, not listed.',
        response: { 200: keyList },
      },
    },
    async () => {
      await keys.catchUp();
      const nowMs = clock.now();
      return {
        keys: keys.list().map((key) => toKeyView(key, nowMs)),
        budgets: await budgetsOf(parts, nowMs),
        configured: configuredKeys,
      };
    },
  );
  app.post(
    '/v2/keys',
    {
      schema: {
        summary: 'Create a client API key',
        description: 'The first key ends local mode: from then on every client needs one.',
        body: newKey,
        response: { 201: madeKey },
      },
    },
    async ({ body: { name, ...body } }, reply) => {
      const { key, secret } = await keys.create({ ...changeOf(body), name });
      reply.code(201);
      return { key: toKeyView(key, clock.now()), secret };
    },
  );
}

/** Keys are listed although the ledger cannot be read. */
function budgetsOf({ ledger, keys }: AdminParts, nowMs: number): Promise<BudgetView[]> {
  const read = ledger?.opened().then((store) => readBudgets(store, keys, nowMs));
  return read?.catch(() => []) ?? Promise.resolve([]);
}

const byId = z.object({ id: z.string() });

function registerChanges(app: AdminApp, { keys, clock }: AdminParts): void {
  app.patch(
    '/v2/keys/:id',
    {
      schema: {
        summary: 'Change a client API key',
        description:
          'Fields that are left out stay as they are; null clears one. Either everything is changed or nothing. The change applies to the next request, on every replica.',
        params: byId,
        body: keyPatch,
        response: { 200: keyAnswer },
      },
    },
    async ({ params: { id }, body }) => ({ key: toKeyView(await keys.change(id, changeOf(body)), clock.now()) }),
  );
  app.post(
    '/v2/keys/:id/rotate',
    {
      config: { bodyIsOptional: true },
      schema: {
        summary: 'Replace the secret of a client API key',
        description:
          'Everything else about the key stays. The old secret is valid for `graceSeconds` more; the secret before it, if any, is refused at once.',
        params: byId,
        body: rotation,
        response: { 200: madeKey },
      },
    },
    async ({ params: { id }, body: { graceSeconds } }) => {
      const { key, secret } = await keys.rotate(id, graceSeconds);
      return { key: toKeyView(key, clock.now()), secret };
    },
  );
  app.delete(
    '/v2/keys/:id',
    {
      schema: {
        summary: 'Revoke a client API key',
        description: 'It is refused from now on. While it is in the list, local mode does not come back.',
        params: byId,
        querystring: keyQuery,
        response: { 200: z.union([keyAnswer, removedAnswer]) },
      },
    },
    async ({ params: { id }, query: { forget } }) => {
      if (forget !== 'true') return { key: toKeyView(await keys.revoke(id), clock.now()) };
      await keys.forget(id);
      return { removed: id };
    },
  );
}

function changeOf({ expiresAt, ...body }: KeyPatchBody): KeyChange {
  return { ...body, expiresAtMs: typeof expiresAt === 'string' ? Date.parse(expiresAt) : expiresAt };
}
