/** `/v2/keys`: client API keys. */

import { z } from 'zod';
import { removedAnswer } from './contract/account.ts';
import { keyAnswer, keyList, keyQuery, madeKey, newKey } from './contract/key.ts';
import { toKeyView } from './key-view.ts';
import { defineRoute } from './route.ts';

export const keyRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v2/keys',
    summary: 'All client API keys',
    description: 'Those of the settings are counted, not listed.',
    answer: keyList,
    async run({ keys, configuredKeys, clock }) {
      await keys.catchUp();
      return { keys: keys.list().map((key) => toKeyView(key, clock.now())), configured: configuredKeys };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v2/keys',
    summary: 'Make a client API key',
    description: 'The first key ends local mode: from then on every client needs one.',
    body: newKey,
    status: 201,
    answer: madeKey,
    async run({ keys, clock }, { body: { name, expiresAt } }) {
      const expiresAtMs = expiresAt ? Date.parse(expiresAt) : undefined;
      const { key, secret } = await keys.create({ name, expiresAtMs });
      return { key: toKeyView(key, clock.now()), secret };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v2/keys/:id',
    summary: 'Revoke a client API key',
    description: 'It is refused from now on. While it is in the list, local mode does not come back.',
    query: keyQuery,
    answer: z.union([keyAnswer, removedAnswer]),
    async run({ keys, clock }, { id, query: { forget } }) {
      if (forget !== 'true') return { key: toKeyView(await keys.revoke(id), clock.now()) };
      await keys.forget(id);
      return { removed: id };
    },
  }),
];
