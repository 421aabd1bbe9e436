/** `/v2/requests`: the ledger's rows. */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import type { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { requestAnswer, requestList, requestQuery } from './contract/request.ts';
import { cursorOf, toSearch } from './ledger-filter.ts';
import type { AdminParts } from './ports.ts';
import { type Names, toRequestDetailView, toRequestView } from './request-view.ts';
import type { AdminApp } from './route.ts';

export function registerRequests(app: AdminApp, parts: AdminParts): void {
  app.get(
    '/v2/requests',
    {
      schema: {
        summary: 'List the requests of clients, newest first',
        description: 'Failed, refused and abandoned ones too. Filters are applied to all rows, not to a page.',
        querystring: requestQuery,
        response: { 200: requestList },
      },
    },
    async ({ query }) => {
      const search = toSearch(query);
      const rows = await (await ledgerOf(parts)).list(search);
      const page = rows.slice(0, search.limit - 1);
      const last = page.at(-1);
      const names = namesOf(parts);
      return {
        requests: page.map((row) => toRequestView(row, names)),
        nextCursor: last && rows.length > page.length ? cursorOf(last) : null,
      };
    },
  );
  app.get(
    '/v2/requests/:id',
    {
      schema: {
        summary: 'Get a request with its attempts and adjustments',
        description: 'By its own id, by the id of a response, or by an id of the service.',
        params: z.object({ id: z.string() }),
        response: { 200: requestAnswer },
      },
    },
    async ({ params: { id } }) => {
      const found = await (await ledgerOf(parts)).find(id);
      if (!found) throw new GatewayError('not_found', `The ledger has no request ${id.slice(0, 100)}.`);
      return { request: toRequestDetailView(found.row, found.text, namesOf(parts)) };
    },
  );
}

/** Rejects with `not_found` if the ledger is off. */
export async function ledgerOf({ ledger }: Pick<AdminParts, 'ledger'>): Promise<LedgerStore> {
  if (!ledger) throw new GatewayError('not_found', 'The ledger is off. Set DRAGOMAN_LEDGER=yes to record requests.');
  return ledger.opened();
}

export function namesOf({ keys, accounts }: Pick<AdminParts, 'keys' | 'accounts'>): Names {
  return {
    keys: new Map(keys.list().map(({ id, name }) => [id, name])),
    accounts: new Map(accounts.list().map(({ id, label }) => [id, label])),
  };
}
