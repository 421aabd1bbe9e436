/** `/v2/keys`: client API keys. */
import { z } from 'zod';
import { removedAnswer } from './contract/account.ts';
import { keyAnswer, keyList, keyQuery, madeKey, newKey } from './contract/key.ts';
import { toKeyView } from './key-view.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

export function registerKeys(app: AdminApp, { keys, configuredKeys, clock }: AdminParts): void {
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
      return { keys: keys.list().map((key) => toKeyView(key, clock.now())), configured: configuredKeys };
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
    async ({ body: { name, expiresAt } }, reply) => {
      const expiresAtMs = expiresAt ? Date.parse(expiresAt) : undefined;
      const { key, secret } = await keys.create({ name, expiresAtMs });
      reply.code(201);
      return { key: toKeyView(key, clock.now()), secret };
    },
  );
  app.delete(
    '/v2/keys/:id',
    {
      schema: {
        summary: 'Revoke a client API key',
        description: 'It is refused from now on. While it is in the list, local mode does not come back.',
        params: z.object({ id: z.string() }),
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
