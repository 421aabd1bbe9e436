/** Requests as the ledger has them: one row for each request of a client, failures and abandoned ones included. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

const figure = once(() =>
  z
    .object({
      value: z.number(),
      provenance: z
        .enum(['measured', 'derived', 'estimated'])
        .describe(
          '`measured`: reported by the service. `derived`: computed from what it reported. `estimated`: counted here.',
        ),
    })
    .nullable(),
);

const requestKind = once(() =>
  z
    .enum(['reply', 'count', 'models', 'responses', 'probe', 'other'])
    .describe(
      '`reply`: a model answers. `count`: tokens are counted. `models`: the catalogue is listed. `responses`: work on stored responses. `probe`: a client checks the connection. `other`: no such route.',
    ),
);

const requestOutcome = once(() =>
  z
    .enum(['ok', 'refused', 'abandoned', 'timeout', 'failed'])
    .describe(
      '`refused`: the request is at fault. `abandoned`: the client left or cancelled. `timeout`: the service took too long. `failed`: any other error.',
    ),
);

const usage = once(() =>
  z.object({
    inputTokens: figure().describe('All input, cached input included.'),
    outputTokens: figure().describe('All output, reasoning included.'),
    cacheReadTokens: figure(),
    cacheWriteTokens: figure(),
    reasoningTokens: figure(),
    contextPercentage: figure().describe('Share of the context window in use after the reply, 0 to 100.'),
    credits: figure().describe(
      'The charge: `measured` if the service reported it, else `estimated` by a formula; null if neither is possible.',
    ),
    estimatedCredits: z.number().nullable().describe('By the formula alone, for comparison.'),
    listPriceUsd: z
      .number()
      .nullable()
      .describe("What the tokens would cost at the vendor's own list prices; null: the model has none here."),
  }),
);

const summary = once(() => ({
  id: z.string().describe('The request id, as in `x-request-id`; of a background response, its response id.'),
  time: moment().describe('When the request arrived.'),
  kind: requestKind(),
  outcome: requestOutcome(),
  status: z.int().describe('HTTP status; 499 if the client left first.'),
  code: z.string().nullable().describe('As in docs/errors.md; null: no error.'),
  error: z.string().nullable().describe('What went wrong, in words. Text that quotes the request is left out.'),
  method: z.string(),
  route: z.string().nullable().describe('The template of the path; null: no such route.'),
  protocol: z.string().nullable(),
  key: z.string().nullable().describe("The id of the client's key; `local` without keys; null: not identified."),
  keyName: z.string().nullable(),
  account: z.string().nullable().describe('The account that answered, or else the last one tried.'),
  accountLabel: z.string().nullable(),
  model: z.string().nullable().describe('As the client named it.'),
  answeredModel: z.string().nullable().describe("The service's id of the model that answered."),
  client: z.string().describe('The program, by its user agent.'),
  clientVersion: z.string().nullable(),
  stream: z.boolean(),
  firstByteMs: z.number().nullable(),
  durationMs: z.number(),
  attemptCount: z.int(),
  adjustmentCount: z.int(),
  usage: usage().nullable(),
}));

export const listedRequest = once(() => z.object(summary()));

const text = once(() => z.string().max(200).optional());
const timeOf = once(() =>
  z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }).optional(),
);

/** Several values of one filter are separated by commas. */
export const requestQuery = once(() =>
  z.strictObject({
    limit: z
      .string()
      .regex(/^(?:[1-9]\d?|1\d\d|200)$/, 'must be a whole number from 1 to 200')
      .optional()
      .describe('1 to 200; default 50.'),
    cursor: text().describe('`nextCursor` of the page before.'),
    key: text().describe('Ids of keys; `local`; `none`: not identified.'),
    account: text().describe('Ids of accounts.'),
    model: text().describe('As the client named it, or the one that answered.'),
    protocol: text(),
    client: text(),
    outcome: text().describe('One of `ok`, `refused`, `abandoned`, `timeout`, `failed`; `error`: all but `ok`.'),
    code: text(),
    kind: text().describe('Default: every kind. `reply` hides probes, token counts and model lists.'),
    from: timeOf().describe('Not before this time.'),
    to: timeOf().describe('Before this time.'),
    q: text().describe('Finds the beginnings of request ids and upstream request ids, and any part of error texts.'),
  }),
);

export const requestList = once(() =>
  z.object({
    requests: z.array(listedRequest()),
    nextCursor: z.string().nullable().describe('null: this is the last page.'),
  }),
);

const attempt = once(() =>
  z.object({
    account: z.string().nullable(),
    accountLabel: z.string().nullable(),
    wireProfile: z.string().nullable(),
    model: z.string().nullable(),
    startedAt: moment().describe('When the account was leased.'),
    endedAt: moment().nullable(),
    code: z.string().nullable().describe('null: the attempt succeeded.'),
    error: z.string().nullable(),
    reason: z.string().nullable().describe("The service's own reason."),
    upstreamStatus: z.int().nullable(),
    upstreamRequestId: z.string().nullable(),
    strategy: z.string().nullable().describe('How the account was chosen.'),
    waitedMs: z.number().nullable().describe('For a free account, before the attempt.'),
    skipped: z.array(z.object({ account: z.string(), why: z.string(), until: moment().nullable() })),
  }),
);

export const requestAnswer = once(() =>
  z.object({
    request: z.object({
      ...summary(),
      responseTo: z.string().nullable().describe('Of a background response: the request that started it.'),
      path: z.string(),
      param: z.string().nullable().describe('The field at fault.'),
      rule: z.string().nullable().describe('The rule that was broken.'),
      retryAfterMs: z.number().nullable(),
      wireProfile: z.string().nullable(),
      conversationId: z.string().nullable(),
      upstreamIds: z.array(z.string()),
      attempts: z.array(attempt()).describe('In the order in which they began.'),
      adjustments: z.array(
        z.object({
          rule: z.string().describe('As in docs/adjustments.md.'),
          path: z.string(),
          before: z.string().nullable(),
          after: z.string().nullable(),
        }),
      ),
      timing: z.object({
        receivedAt: moment(),
        firstByteMs: z.number().nullable(),
        durationMs: z.number(),
        waitedMs: z.number().describe('For free accounts, over all attempts.'),
      }),
      text: z
        .object({
          request: z.string().describe('The body as the client sent it.'),
          reply: z.string().describe('Text, reasoning and tool calls.'),
          isCut: z.boolean().describe('true: parts of a long text were left out.'),
        })
        .nullable()
        .describe('null unless `DRAGOMAN_LEDGER_TEXT=sealed`, and for requests whose text was removed.'),
    }),
  }),
);

export type RequestView = z.infer<ReturnType<typeof listedRequest>>;
export type RequestDetailView = z.infer<ReturnType<typeof requestAnswer>>['request'];
export type AttemptView = z.infer<ReturnType<typeof attempt>>;
export type UsageView = z.infer<ReturnType<typeof usage>>;
export type RequestQuery = z.infer<ReturnType<typeof requestQuery>>;
