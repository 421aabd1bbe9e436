/** Sums over time: requests, errors, tokens and credits, by hour, day or month (UTC). They outlive the requests' rows. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

const historyGroup = once(() => z.enum(['key', 'account', 'model', 'protocol', 'client', 'outcome', 'code', 'kind']));
const span = once(() => z.enum(['hour', 'day', 'month']));

const timeOf = once(() =>
  z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }).optional(),
);

const filters = once(() => ({
  key: z.string().max(200).optional().describe('Ids of keys, separated by commas.'),
  account: z.string().max(200).optional(),
  model: z.string().max(200).optional(),
  protocol: z.string().max(200).optional(),
  client: z.string().max(200).optional(),
  kind: z.string().max(200).optional().describe('Default: every kind. `reply`: only replies of a model.'),
}));

export const historyQuery = once(() =>
  z.strictObject({
    by: span().optional().describe('Default `day`.'),
    group: historyGroup().optional().describe('One bucket for each value; default: one for all.'),
    from: timeOf().describe('Default: a day, a month or a year before `to`, by `by`.'),
    to: timeOf().describe('Default: now.'),
    ...filters(),
  }),
);

const amounts = once(() => ({
  requests: z.int(),
  errors: z.int().describe('Refused, failed and timed out; abandoned requests are not errors.'),
  abandoned: z.int(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  credits: z.number().describe('Measured where the service reported them, else estimated.'),
  estimatedCredits: z.number().describe('The part of `credits` that is estimated.'),
  listPriceUsd: z.number().describe("The tokens at the vendors' list prices, where the model has one."),
  durationMs: z.number().describe('Sum over the requests.'),
  firstByteMs: z.number().describe('Sum over the requests that have a first byte.'),
  firstByteCount: z.int(),
}));

const bucket = once(() =>
  z.object({
    from: moment().describe('The beginning of the hour, day or month.'),
    group: z.string().nullable().describe('null: without `group`, or no such value (a request without a key).'),
    label: z.string().nullable().describe('The name of the key or the account.'),
    ...amounts(),
  }),
);

export const historyAnswer = once(() =>
  z.object({
    buckets: z.array(bucket()).describe('Oldest first. Times without requests have none.'),
    isCut: z.boolean().describe('There are more buckets than one answer may have: ask for a shorter time.'),
  }),
);

export const exportQuery = once(() =>
  z.strictObject({
    format: z.enum(['csv', 'json']).optional().describe('Default `csv`.'),
    by: z
      .enum(['request', 'hour', 'day', 'month'])
      .optional()
      .describe('Default `day`; `request`: a row for each request.'),
    from: timeOf(),
    to: timeOf(),
    ...filters(),
    outcome: z.string().max(200).optional().describe('`error`: every one but `ok`.'),
    code: z.string().max(200).optional(),
    q: z.string().max(200).optional().describe('As in `GET /v2/requests`; only with `by=request`.'),
  }),
);

export type HistoryBucket = z.infer<ReturnType<typeof bucket>>;
export type HistoryQuery = z.infer<ReturnType<typeof historyQuery>>;
export type ExportQuery = z.infer<ReturnType<typeof exportQuery>>;
