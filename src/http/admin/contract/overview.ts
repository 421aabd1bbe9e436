/** The live catalogue, with what the client APIs have no room for; the usage of each account; the settings in force. */
import { z } from 'zod';
import { moment } from './common.ts';

const model = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  maxInputTokens: z.int().nullable(),
  maxOutputTokens: z.int().nullable(),
  takesImages: z.boolean(),
  promptCaching: z.boolean(),
  minCachedTokens: z.int().nullable().describe('Tokens that must stand before a cache point for it to take effect.'),
  maxCachePoints: z.int().nullable().describe('Cache points a request may carry.'),
  refusalFallbacks: z.array(z.string()).describe('Models that the service suggests for requests this one refuses.'),
  rateMultiplier: z.number().nullable().describe("What a request costs, in the plan's unit."),
  rateUnit: z.string().nullable(),
  efforts: z.array(z.string()).describe('Reasoning efforts that the model takes.'),
  defaultEffort: z.string().nullable(),
  outputLimit: z
    .object({ min: z.int(), max: z.int() })
    .nullable()
    .describe('Bounds of max_tokens; null: the service cannot limit its replies, and dragoman does.'),
  reasons: z.boolean().describe('Whether the model takes settings for reasoning.'),
});

export const modelList = z.object({ models: z.array(model), defaultModelId: z.string().nullable() });

export type ModelView = z.infer<typeof model>;

const allowance = z.object({
  kind: z.enum(['plan', 'trial', 'bonus']),
  name: z.string(),
  used: z.number(),
  limit: z.number(),
  expiresAt: moment.nullable(),
});

const overage = z.object({
  isOn: z.boolean(),
  used: z.number(),
  cap: z.number().nullable().describe('null: none that is known.'),
  charges: z.number(),
  currency: z.string(),
});

const accountUsage = z.object({
  id: z.string(),
  label: z.string(),
  plan: z.string().nullable(),
  resetsAt: moment.nullable(),
  used: z.number().nullable().describe('Over all allowances.'),
  limit: z.number().nullable(),
  left: z.number().nullable().describe('With what may be used beyond the plan; null: unknown, or without limit.'),
  allowances: z.array(allowance),
  overage: overage.nullable(),
  readAt: moment.nullable().describe('When the service was asked.'),
  error: z.object({ code: z.string(), message: z.string() }).nullable().describe('Why there are no figures.'),
});

export const usageQuery = z.strictObject({
  refresh: z.enum(['true', 'false']).optional().describe('`true`: ask the service now, for every account.'),
});

export const usageList = z.object({ accounts: z.array(accountUsage) });

export type AccountUsage = z.infer<typeof accountUsage>;

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
