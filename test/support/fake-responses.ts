/** Stored responses in a Map, with the store's visibility rules. */

import type { Clock } from '../../src/core/clock.ts';
import { SILENT } from '../../src/core/log.ts';
import type { ResponseStore, StoredResponse } from '../../src/gateway/response-store.ts';
import { Responses } from '../../src/gateway/responses.ts';
import { interrupted } from '../../src/protocols/openai-responses/index.ts';
import { systemClock } from '../../src/transport/clock.ts';

export function createFakeResponseStore(): ResponseStore {
  const kept = new Map<string, StoredResponse>();
  const keyOf = (client: string, id: string) => `${client} ${id}`;
  return {
    find: async (client, id) => structuredClone(kept.get(keyOf(client, id))),
    useAll: async (client, ids) => ids.every((id) => kept.has(keyOf(client, id))),
    put: async (client, stored) => void kept.set(keyOf(client, stored.id), structuredClone(stored)),
    async replaceRunning(client, stored) {
      const key = keyOf(client, stored.id);
      if (kept.get(key)?.state !== 'running') return false;
      kept.set(key, structuredClone(stored));
      return true;
    },
    remove: async (client, id) => kept.delete(keyOf(client, id)),
    async keepAlive(client, id, aliveUntilMs) {
      const stored = kept.get(keyOf(client, id));
      if (stored?.state !== 'running') return 'stopped';
      kept.set(keyOf(client, id), { ...stored, aliveUntilMs });
      return 'running';
    },
  };
}

export function createFakeResponses(store = createFakeResponseStore(), clock: Clock = systemClock): Responses {
  return new Responses({ store, clock, log: SILENT, interrupted });
}
