/** The live catalogue, with what the client APIs have no room for; the usage of each account; the settings in force. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

const model = once(() =>
  z.object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    maxInputTokens: z.int().nullable(),
    maxOutputTokens: z.int().nullable(),
    takesImages: z.boolean(),
    promptCaching: z.boolean(),
    minCachedTokens: z.int().nullable().describe('Minimum tokens before a cache point for it to take effect.'),
    maxCachePoints: z.int().nullable().describe('Maximum cache points in a request.'),
    refusalFallbacks: z.array(z.string()).describe('Models that the service suggests for requests this one refuses.'),
    rateMultiplier: z.number().nullable().describe("The cost of a request, in the plan's unit."),
    rateUnit: z.string().nullable(),
    efforts: z.array(z.string()).describe('Reasoning efforts that the model supports.'),
    defaultEffort: z.string().nullable(),
    outputLimit: z
      .object({ min: z.int(), max: z.int() })
      .nullable()
      .describe('Bounds of max_tokens; null: dragoman limits the replies, since the service cannot.'),
    reasons: z.boolean().describe('Whether the model has settings for reasoning.'),
    accounts: z.array(z.string()).describe('Ids of the accounts whose list has the model, as far as it is known.'),
  }),
);

const accountModels = once(() =>
  z.object({
    id: z.string(),
    label: z.string(),
    models: z.array(z.string()).nullable().describe('Ids; null: not known.'),
    isPending: z.boolean().describe('The list is being fetched. Read again a little later.'),
    error: z.object({ code: z.string(), message: z.string() }).nullable().describe('Why the list is not known.'),
  }),
);

export const modelList = once(() =>
  z.object({
    models: z.array(model()).describe('Of all accounts together.'),
    defaultModelId: z.string().nullable(),
    accounts: z.array(accountModels()),
  }),
);

export type ModelView = z.infer<ReturnType<typeof model>>;
export type AccountModelsView = z.infer<ReturnType<typeof accountModels>>;

const allowance = once(() =>
  z.object({
    kind: z.enum(['plan', 'trial', 'bonus']),
    name: z.string(),
    used: z.number(),
    limit: z.number(),
    expiresAt: moment().nullable(),
  }),
);

const overage = once(() =>
  z.object({
    isOn: z.boolean(),
    used: z.number(),
    cap: z.number().nullable().describe('null: unknown.'),
    charges: z.number(),
    currency: z.string(),
  }),
);

export const accountUsage = once(() =>
  z.object({
    id: z.string(),
    label: z.string(),
    plan: z.string().nullable(),
    resetsAt: moment().nullable(),
    used: z.number().nullable().describe('Sum of all allowances.'),
    limit: z.number().nullable(),
    left: z.number().nullable().describe('Including allowed overage; null: unknown, or unlimited.'),
    allowances: z.array(allowance()),
    overage: overage().nullable(),
    readAt: moment().nullable().describe('When the service reported it.'),
    error: z.object({ code: z.string(), message: z.string() }).nullable().describe('Why the usage is unknown.'),
  }),
);

/** Of an account, without asking the service. */
export const planUsage = once(() =>
  accountUsage()
    .omit({ id: true, label: true })
    .extend({
      error: accountUsage().shape.error.describe(
        'Why the last attempt to read it failed. The figures are those of `readAt`.',
      ),
    }),
);

export type PlanUsage = z.infer<ReturnType<typeof planUsage>>;

export const usageQuery = once(() =>
  z.strictObject({
    refresh: z
      .enum(['true', 'false'])
      .optional()
      .describe('`true`: read the usage of every account from the service now.'),
  }),
);

export const usageList = once(() => z.object({ accounts: z.array(accountUsage()) }));

export type AccountUsage = z.infer<ReturnType<typeof accountUsage>>;

export const setting = once(() =>
  z.object({
    name: z.string().describe('The environment variable.'),
    value: z
      .union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly(), z.null()])
      .describe('Secrets are masked: `••••••••` stands for a secret that is set.'),
    origin: z.string().describe('`default`, `admin API`, or the flag, variable or file that set it.'),
    changeable: z.boolean().describe('Whether PATCH can change it while the gateway runs.'),
    accepts: z.string(),
    meaning: z.string(),
  }),
);

const settingValue = once(() =>
  z.union([z.string().max(10_000), z.number(), z.boolean(), z.array(z.string().max(2_000)).max(100), z.null()]),
);

export const settingPatch = once(() =>
  z.strictObject({
    settings: z
      .record(z.string(), settingValue())
      .describe('By the name of the environment variable; null: the value of the start.'),
  }),
);

export const settingList = once(() =>
  z.object({ settings: z.array(setting()), version: z.string().describe('Of dragoman.') }),
);

export type SettingView = z.infer<ReturnType<typeof setting>>;
