/** The settings in force. */
import { z } from 'zod';

const setting = z.object({
  name: z.string().describe('The environment variable.'),
  value: z
    .union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly(), z.null()])
    .describe('Secrets are covered: `••••••••` says that there is one.'),
  origin: z.string().describe('`default`, or the flag, variable or file it comes from.'),
  accepts: z.string(),
  meaning: z.string(),
});

export const settingList = z.object({ settings: z.array(setting) });

export type SettingView = z.infer<typeof setting>;
