/** The file format of capsules: what one request exchanged, in a form that people can read and `dragoman replay` can run. */
import { z } from 'zod';
import { once } from '../core/once.ts';

/** Changes when a reader of the old form could not read the new one. */
export const CAPSULE_FORMAT = 1;

const header = once(() => z.tuple([z.string(), z.string()]));
const frame = once(() =>
  z.object({
    afterMs: z.number().describe('Since the request was sent.'),
    headers: z.record(z.string(), z.string()),
    payload: z.string(),
  }),
);

const access = once(() =>
  z.object({
    kind: z.string(),
    region: z.string(),
    profileArn: z.string().nullable(),
    wireProfile: z.string(),
    readings: z
      .record(z.string(), z.string())
      .nullable()
      .describe('Of rules that sources contradict each other about, if the account has learnt any.'),
  }),
);

const upstreamAnswer = once(() =>
  z.object({
    status: z.int(),
    headers: z.array(header()),
    frames: z.array(frame()).describe('Of an event stream.'),
    body: z.string().nullable().describe('Of any other answer.'),
    rest: z
      .object({ kind: z.enum(['none', 'cut', 'corrupt']), bytes: z.int() })
      .describe('What follows the last whole frame.'),
    end: z.enum(['complete', 'broken', 'open']).describe('`open`: it was not read to its end.'),
  }),
);

const upstreamExchange = once(() =>
  z.object({
    account: z.string(),
    access: access(),
    catalogue: z.unknown().describe("The account's models, as the gateway knew them."),
    expectsClosingEvents: z.boolean().describe('Earlier replies of the account ended with closing events.'),
    afterMs: z.number().describe('Since the client’s request arrived.'),
    request: z.object({ method: z.string(), url: z.string(), headers: z.array(header()), body: z.string().nullable() }),
    answer: upstreamAnswer().nullable(),
  }),
);

export const capsuleSchema = once(() =>
  z.object({
    capsule: z.literal(CAPSULE_FORMAT),
    dragoman: z.string().describe('The version that handled the request.'),
    text: z.enum(['filler', 'kept']),
    requestId: z.string(),
    receivedAt: z.iso.datetime(),
    protocol: z.string().nullable(),
    outcome: z.string(),
    code: z.string().nullable(),
    error: z.string().nullable(),
    settings: z.array(z.object({ name: z.string(), value: z.unknown() })).describe('Those that are not the default.'),
    request: z.object({
      method: z.string(),
      path: z.string(),
      headers: z.array(header()),
      body: z.string().nullable(),
    }),
    upstream: z.array(upstreamExchange()),
    reply: z.object({ status: z.int(), firstByteMs: z.number().nullable(), durationMs: z.number(), body: z.string() }),
    route: z
      .object({
        account: z.string(),
        model: z.string(),
        conversation: z.string(),
        wireProfile: z.string(),
        attempt: z.int(),
        upstreamRequestId: z.string().nullable(),
        strategy: z.string().nullable(),
      })
      .nullable(),
    adjustments: z.array(
      z.object({ rule: z.string(), path: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
    ),
  }),
);

export type Capsule = z.infer<ReturnType<typeof capsuleSchema>>;
export type CapsuleExchange = Capsule['upstream'][number];
export type CapsuleAnswer = NonNullable<CapsuleExchange['answer']>;
export type Header = readonly [name: string, value: string];
