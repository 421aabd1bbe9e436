/** `/v2/models`, `/v2/usage`, `/v2/settings`: what there is to know. */
import type { Account } from '../../accounts/ports.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Model } from '../../core/models.ts';
import { type ModelView, modelList } from './contract/model.ts';
import { settingList } from './contract/setting.ts';
import { type AccountUsage, usageList, usageQuery } from './contract/usage.ts';
import type { AdminParts } from './parts.ts';
import { defineRoute } from './route.ts';
import { toUsage } from './usage-view.ts';

export const overviewRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v2/models',
    summary: 'The live catalogue',
    answer: modelList,
    async run({ gateway }, { signal }) {
      const { models, defaultModelId } = await gateway.models(signal);
      return { models: models.map(toModelView), defaultModelId: defaultModelId ?? null };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v2/usage',
    summary: "What is used and left of each account's plan",
    description: 'As it was when the service was last asked, which happens after use; asked now where it never was.',
    query: usageQuery,
    answer: usageList,
    async run(parts, { query: { refresh } }) {
      const all = parts.accounts.list();
      return { accounts: await Promise.all(all.map((account) => usageOf(account, parts, refresh === 'true'))) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v2/settings',
    summary: 'The settings in force, each with its origin',
    answer: settingList,
    run: async ({ settings }) => ({ settings: [...settings] }),
  }),
];

function toModelView(model: Model): ModelView {
  const { id, name, takesImages, promptCaching, reasoningSchema } = model;
  return {
    ...{ id, name, takesImages, promptCaching },
    description: model.description ?? null,
    maxInputTokens: model.maxInputTokens ?? null,
    maxOutputTokens: model.maxOutputTokens ?? null,
    minCachedTokens: model.minCachedTokens ?? null,
    maxCachePoints: model.maxCachePoints ?? null,
    refusalFallbacks: [...(model.refusalFallbacks ?? [])],
    rateMultiplier: model.rateMultiplier ?? null,
    rateUnit: model.rateUnit ?? null,
    efforts: [...(model.efforts ?? [])],
    defaultEffort: model.defaultEffort ?? null,
    outputLimit: model.outputLimit ?? null,
    reasons: reasoningSchema !== undefined,
  };
}

async function usageOf(account: Account, { accounts, log }: AdminParts, isAskedNow: boolean): Promise<AccountUsage> {
  try {
    const known = isAskedNow ? undefined : accounts.limits(account.id);
    return toUsage(account, known ?? (await accounts.readLimits(account.id)));
  } catch (cause) {
    const error = GatewayError.from(cause);
    if (error.code === 'internal') log.error({ accountId: account.id, err: error.cause }, 'could not read the usage');
    return toUsage(account, error);
  }
}
