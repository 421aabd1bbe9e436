/** Schemas that the answers of several admin routes share. */
import { z } from 'zod';

/** ISO 8601, UTC. */
export const moment = z.iso.datetime().describe('A time, ISO 8601 in UTC.');

/** Every refusal of the admin API. */
export const adminError = z.object({
  error: z.object({
    code: z.string().describe('As in docs/errors.md.'),
    message: z.string(),
    param: z.string().nullable().describe('The field at fault.'),
  }),
});

export type AdminError = z.infer<typeof adminError>;
