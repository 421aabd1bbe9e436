/** Console sessions. The cookie has the secret; no answer does. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

export const sessionStart = once(() =>
  z
    .strictObject({
      token: z.string().max(1_000).optional().describe('The admin token.'),
      ticket: z.string().max(1_000).optional().describe('From a one-time link of `serve` or `dragoman console`.'),
    })
    .describe('Either a token or a ticket.'),
);

export const sessionQuery = once(() =>
  z.strictObject({
    all: z.enum(['true', 'false']).optional().describe('`true`: ends every session, and every unused ticket.'),
  }),
);

const session = once(() =>
  z.object({
    id: z.string(),
    signedInBy: z.enum(['token', 'ticket']),
    createdAt: moment(),
    idleUntil: moment().describe('When the session ends if it is not used again.'),
    expiresAt: moment().describe('When the session ends at the latest.'),
  }),
);

export const sessionAnswer = once(() =>
  z.object({
    as: z.enum(['session', 'token']).describe('Whether the request was allowed by the cookie or by the admin token.'),
    session: session().nullable().describe('null for the admin token.'),
    csrfToken: z
      .string()
      .nullable()
      .describe('Send it as `x-dragoman-csrf` with every request that changes something; null for the admin token.'),
    needsKey: z.boolean().describe('Whether the clients of the gateway need a key; false in local mode.'),
  }),
);

export const endedSessions = once(() => z.object({ ended: z.int().describe('How many sessions have ended.') }));

export type SessionAnswer = z.infer<ReturnType<typeof sessionAnswer>>;
