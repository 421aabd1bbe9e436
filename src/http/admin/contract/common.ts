/** Schemas that the answers of several admin routes share. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';

/** ISO 8601, UTC. */
export const moment = once(() => z.iso.datetime().describe('A time, ISO 8601 in UTC.'));

/** Every refusal of the admin API. */
export const adminError = once(() =>
  z.object({
    error: z.object({
      code: z.string().describe('As in docs/errors.md.'),
      message: z.string(),
      param: z.string().nullable().describe('The field at fault.'),
    }),
  }),
);

export type AdminError = z.infer<ReturnType<typeof adminError>>;
