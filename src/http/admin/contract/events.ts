/** `GET /v2/events`: server-sent events. Each has a type, an id and one of these as its data. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { shownAccount } from './account.ts';
import { alert } from './alerts.ts';
import { moment } from './common.ts';
import { shownKey } from './key.ts';
import { planUsage, setting } from './overview.ts';

const changed = once(() => ({ id: z.string(), at: moment() }));

const request = once(() =>
  z
    .object({
      id: z.string(),
      time: moment(),
      kind: z.string(),
      outcome: z.string(),
      status: z.int(),
      code: z.string().nullable(),
      method: z.string(),
      route: z.string().nullable(),
      protocol: z.string().nullable(),
      key: z.string().nullable(),
      model: z.string().nullable(),
      account: z.string().nullable(),
      answeredModel: z.string().nullable(),
      stream: z.boolean(),
      firstByteMs: z.number().nullable(),
      durationMs: z.number(),
      attemptCount: z.int(),
      adjustmentCount: z.int(),
    })
    .describe('`request`: one has ended. At most 50 a second; further ones are only counted.'),
);

/** By the type of the event. */
export const eventData = once(
  () =>
    ({
      request: request(),
      account: z
        .object({
          ...changed(),
          account: shownAccount().nullable(),
          usage: planUsage().nullable().describe('As last reported by the service; null: not read yet.'),
        })
        .describe('`account`: it has changed, or the usage of its plan has been read; null: removed.'),
      key: z.object({ ...changed(), key: shownKey().nullable() }).describe('`key`: null: removed.'),
      setting: z.object({ ...changed(), setting: setting().nullable() }).describe('`setting`: one has changed.'),
      alert: alert().describe('`alert`: a condition has begun or ended.'),
      ledger: z.object({ requests: z.int() }).describe('`ledger`: how many requests have ended in the last second.'),
      reload: z.strictObject({}).describe('`reload`: events were missed, so read again what is shown.'),
    }) as const,
);

/** Described as a union, since OpenAPI has no form for events. */
export const eventStream = once(() =>
  z
    .union([
      eventData().request,
      eventData().account,
      eventData().key,
      eventData().setting,
      eventData().alert,
      eventData().ledger,
      eventData().reload,
    ])
    .describe('`text/event-stream`. The data of each event is one of these, by its type.'),
);
