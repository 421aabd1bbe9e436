/** `/v2/usage/history` and `/v2/usage/export`: sums over time, and the same as a file. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { isoTime } from '../../core/times.ts';
import type { LedgerBucket, LedgerDimension } from '../../gateway/ledger/ledger-store.ts';
import { exportQuery, type HistoryBucket, historyAnswer, historyQuery } from './contract/usage-history.ts';
import { toExportFilter, toFilter, toMs } from './ledger-filter.ts';
import type { AdminParts } from './ports.ts';
import type { Names } from './request-view.ts';
import { ledgerOf, namesOf } from './requests.ts';
import type { AdminApp } from './route.ts';
import { exportedRows, writeCsv, writeJson } from './usage-export.ts';

const MAX_BUCKETS = 10_000;
const DAY_MS = 86_400_000;
/** What a history shows without `from`. */
const SHOWN_MS = { hour: DAY_MS, day: 30 * DAY_MS, month: 365 * DAY_MS };

export function registerUsageHistory(app: AdminApp, parts: AdminParts): void {
  app.get(
    '/v2/usage/history',
    {
      schema: {
        summary: 'Get sums of requests, errors, tokens and credits over time',
        description: 'Times are UTC. Hours are kept for 92 days, days and months for good.',
        querystring: historyQuery,
        response: { 200: historyAnswer },
      },
    },
    async ({ query }) => {
      const { by = 'day', group, from, to } = query;
      const toTime = toMs(to);
      const fromMs = toMs(from) ?? Math.max(0, (toTime ?? parts.clock.now()) - SHOWN_MS[by]);
      const dimensions = group === undefined ? [] : [group];
      const filter = { ...toFilter(query), fromMs, toMs: toTime };
      const buckets = await (await ledgerOf(parts)).history({ ...filter, by, dimensions, limit: MAX_BUCKETS + 1 });
      const names = namesOf(parts);
      return {
        buckets: buckets.slice(0, MAX_BUCKETS).map((bucket) => toBucketView(bucket, group, names)),
        isCut: buckets.length > MAX_BUCKETS,
      };
    },
  );
  app.get(
    '/v2/usage/export',
    {
      schema: {
        summary: 'Export sums, or requests, as CSV or JSON',
        description: 'At most a million rows; the newest 30 days without `from`.',
        querystring: exportQuery,
        response: { 200: z.string().describe('`text/csv`, or `application/json`: `{"rows":[…]}`.') },
      },
    },
    async ({ query, exchange }, reply) => {
      const { format = 'csv', by = 'day' } = query;
      const toTime = toMs(query.to) ?? parts.clock.now() + 1;
      const fromMs = toMs(query.from) ?? Math.max(0, toTime - 30 * DAY_MS);
      if (query.q !== undefined && by !== 'request')
        throw new GatewayError('invalid_request', 'q searches requests, so it needs by=request.', { param: 'q' });
      const filter = { ...toExportFilter(query), fromMs, toMs: toTime };
      const rows = exportedRows(await ledgerOf(parts), by, filter, namesOf(parts), exchange.gone.signal);
      const day = isoTime(parts.clock.now()).slice(0, 10);
      reply.header('content-disposition', `attachment; filename="dragoman-usage-${day}.${format}"`);
      reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8');
      const text = format === 'csv' ? writeCsv(rows, by) : writeJson(rows);
      // The type of the answer describes its text; Fastify sends a stream as it is.
      return reply.send(Readable.from(text) as unknown as string);
    },
  );
}

function toBucketView(bucket: LedgerBucket, group: LedgerDimension | undefined, names: Names): HistoryBucket {
  const { startMs, values, ...amounts } = bucket;
  const [value = null] = values;
  const labels = group === 'key' ? names.keys : group === 'account' ? names.accounts : undefined;
  return { from: isoTime(startMs), group: value, label: (value !== null && labels?.get(value)) || null, ...amounts };
}
