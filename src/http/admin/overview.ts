/** `/v2/models`, `/v2/usage`. */
import type { Account } from '../../accounts/ports.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Model } from '../../core/models.ts';
import type { AccountModels } from '../../gateway/ports.ts';
import {
  type AccountModelsView,
  type AccountUsage,
  type ModelView,
  modelList,
  usageList,
  usageQuery,
} from './contract/overview.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';
import { toUsage } from './usage-view.ts';

export function registerOverview(app: AdminApp, parts: AdminParts): void {
  const { gateway, accounts } = parts;
  app.get(
    '/v2/models',
    {
      schema: {
        summary: 'Get the live model catalogue',
        description:
          'Of all accounts together, and which account has which model. Waits for the list of one account only.',
        response: { 200: modelList },
      },
    },
    async (request) => {
      const { models, defaultModelId } = await gateway.models(request.exchange.gone.signal);
      const labels = new Map(accounts.list().map(({ id, label }) => [id, label]));
      const ofAccounts = gateway.accountModels([...labels.keys()]);
      return {
        models: together(models, ofAccounts),
        defaultModelId: defaultModelId ?? null,
        accounts: ofAccounts.map((each) => toAccountModels(each, labels.get(each.accountId) ?? each.accountId)),
      };
    },
  );
  app.get(
    '/v2/usage',
    {
      schema: {
        summary: "Get what is used and left of each account's plan",
        description:
          'As last reported by the service, which is asked after use. Accounts without a report yet are read now.',
        querystring: usageQuery,
        response: { 200: usageList },
      },
    },
    async ({ query: { refresh } }) => ({
      accounts: await Promise.all(accounts.list().map((account) => usageOf(account, parts, refresh === 'true'))),
    }),
  );
}

/** Each model once, with the accounts that have it. */
function together(listed: readonly Model[], ofAccounts: readonly AccountModels[]): ModelView[] {
  const models = new Map(listed.map((model) => [model.id, model]));
  const accounts = new Map<string, string[]>();
  for (const { accountId, catalogue } of ofAccounts) {
    for (const model of catalogue?.models ?? []) {
      if (!models.has(model.id)) models.set(model.id, model);
      accounts.set(model.id, [...(accounts.get(model.id) ?? []), accountId]);
    }
  }
  return [...models.values()].map((model) => toModelView(model, accounts.get(model.id) ?? []));
}

function toAccountModels({ accountId, catalogue, isPending, error }: AccountModels, label: string): AccountModelsView {
  return {
    ...{ id: accountId, label, isPending },
    models: catalogue ? catalogue.models.map(({ id }) => id) : null,
    error: error ? { code: error.code, message: error.message } : null,
  };
}

function toModelView(model: Model, accounts: string[]): ModelView {
  const { id, name, takesImages, promptCaching, reasoningSchema } = model;
  return {
    ...{ id, name, takesImages, promptCaching, accounts },
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

async function usageOf(account: Account, { accounts, log }: AdminParts, isRefreshed: boolean): Promise<AccountUsage> {
  try {
    const known = isRefreshed ? undefined : accounts.limits(account.id);
    return toUsage(account, known ?? (await accounts.readLimits(account.id)));
  } catch (cause) {
    const error = GatewayError.from(cause);
    if (error.code === 'internal') log.error({ accountId: account.id, err: error.cause }, 'could not read the usage');
    return toUsage(account, error);
  }
}
