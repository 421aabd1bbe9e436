/** What `GET /v1/usage` answers: the use and the limits of the key that asks. The console shows it without admin rights. */
import { z } from 'zod';
import { once } from '../core/once.ts';

const moment = once(() => z.iso.datetime().describe('A time, ISO 8601 in UTC.'));

const limitUse = once(() =>
  z
    .object({
      limit: z.number(),
      used: z.number(),
      remaining: z.number(),
      resetsAt: moment().nullable().describe('null: nothing is used, or it becomes free when a request ends.'),
    })
    .nullable()
    .describe('null: no limit.'),
);

const sums = once(() => ({
  requests: z.int(),
  errors: z.int(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  credits: z.number().describe("The service's charge; estimated where it reports none."),
}));

export const clientUsage = once(() =>
  z.object({
    object: z.literal('usage'),
    key: z.object({
      id: z.string().describe('`local` without keys.'),
      name: z.string().nullable().describe('null for a key of the settings.'),
      prefix: z.string().nullable(),
      expiresAt: moment().nullable(),
      models: z.array(z.string()).nullable().describe('null: every model.'),
      group: z.string().nullable(),
    }),
    limits: z.object({
      requestsPerMinute: limitUse(),
      concurrency: limitUse(),
      tokensPerMinute: limitUse(),
      creditsPerDay: limitUse(),
      creditsPerMonth: limitUse(),
    }),
    today: z.object(sums()).nullable().describe('Since midnight UTC. null: the ledger is off.'),
    month: z.object(sums()).nullable().describe('Since the first of the month, UTC.'),
    days: z
      .array(z.object({ date: z.iso.date(), ...sums() }))
      .describe('The last 31 days, oldest first. Days without requests are missing.'),
  }),
);

export type ClientUsage = z.infer<ReturnType<typeof clientUsage>>;
export type UsageSums = NonNullable<ClientUsage['today']>;

/** The sums of one day. */
interface ClientDay extends UsageSums {
  readonly startMs: number;
}

/** The days of a client on which it sent requests, oldest first. May reject with `storage_unavailable`. */
export type ReadClientDays = (client: string, fromMs: number) => Promise<readonly ClientDay[]>;
