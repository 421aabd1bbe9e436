/** `/v2/keys`: client API keys. */
import { z } from 'zod';
import { once } from '../../core/once.ts';
import type { KeyChange } from '../../gateway/stored-keys.ts';
import { readBudgets } from './budgets.ts';
import { removedAnswer } from './contract/account.ts';
import type { BudgetView } from './contract/budget.ts';
import {
  type KeyPatchBody,
  type KeyUse,
  keyAnswer,
  keyList,
  keyListQuery,
  keyPatch,
  keyQuery,
  madeKey,
  newKey,
  rotation,
} from './contract/key.ts';
import { toKeyView } from './key-view.ts';
import { toMs } from './ledger-filter.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

/** The ledger keeps the sums of hours for a limited time, and those of days are fewer to add up. */
const BY_HOURS_MS = 4 * 86_400_000;
/** Four days of a thousand keys. */
const MAX_BUCKETS = 100_000;

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
        querystring: keyListQuery,
        response: { 200: keyList },
      },
    },
    async ({ query: { from, to } }) => {
      await keys.catchUp();
      const nowMs = clock.now();
      const fromMs = toMs(from);
      return {
        keys: keys.list().map((key) => toKeyView(key, nowMs)),
        budgets: await budgetsOf(parts, nowMs),
        configured: configuredKeys,
        ...(fromMs !== undefined && { use: await useOf(parts, fromMs, toMs(to) ?? nowMs) }),
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

async function useOf({ ledger }: AdminParts, fromMs: number, toMs: number): Promise<KeyUse[]> {
  const by = toMs - fromMs <= BY_HOURS_MS ? 'hour' : 'day';
  const read = ledger
    ?.opened()
    .then((store) => store.history({ by, dimensions: ['key'], fromMs, toMs, limit: MAX_BUCKETS }));
  const use = new Map<string, KeyUse>();
  for (const { values, requests, credits } of (await read?.catch(() => [])) ?? []) {
    const [key = null] = values;
    if (key === null) continue;
    const before = use.get(key);
    use.set(key, { key, requests: requests + (before?.requests ?? 0), credits: credits + (before?.credits ?? 0) });
  }
  return [...use.values()];
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
        response: { 200: once(() => z.union([keyAnswer(), removedAnswer()])) },
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
