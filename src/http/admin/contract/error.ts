/** Every refusal of the admin API. */
import { z } from 'zod';

export const adminError = z.object({
  error: z.object({
    code: z.string().describe('As in docs/errors.md.'),
    message: z.string(),
    param: z.string().nullable().describe('The field at fault.'),
  }),
});

export type AdminError = z.infer<typeof adminError>;
