/** The account's plan: credits spent and left, requests a minute, and what the service says about them. */
import type { JsonObject } from '../core/json.ts';
import type { SimulatedModel } from './catalogue.ts';
import type { Standing } from './identities.ts';
import { Refused } from './refusal.ts';

/** Throws Refused when the plan is used up, or requests come too fast. A request let through is counted. */
export function admitChat(standing: Standing, nowMs: number): void {
  if (standing.creditsUsed >= standing.creditLimit) {
    const refusal = { status: 402, name: 'ServiceQuotaExceededException', message: 'You have reached the limit.' };
    throw new Refused({ ...refusal, reason: 'MONTHLY_REQUEST_COUNT' }, 'plan-credits');
  }
  if (standing.requestsPerMinute === Number.POSITIVE_INFINITY) return;
  const recent = standing.chatsAtMs.filter((atMs) => atMs > nowMs - 60_000);
  const [oldest] = recent;
  if (oldest !== undefined && recent.length >= standing.requestsPerMinute) {
    const message = 'Too many requests, please wait before trying again.';
    const retryAfterS = Math.ceil((oldest + 60_000 - nowMs) / 1000);
    throw new Refused({ status: 429, name: 'ThrottlingException', message, reason: null, retryAfterS }, 'plan-rate');
  }
  standing.chatsAtMs = [...recent, nowMs];
}

/** Credits of one answer: by its tokens, output weighing five times as much, times the model's rate. */
export function spendCredits(
  standing: Standing,
  model: SimulatedModel,
  inputTokens: number,
  outputTokens: number,
): number {
  const credits = Number((model.rateMultiplier * (0.01 + (inputTokens + 5 * outputTokens) / 1_000_000)).toFixed(6));
  standing.creditsUsed += credits;
  return credits;
}

export function usageLimits(standing: Standing, nowMs: number, withEmail: boolean): JsonObject {
  const { account, creditsUsed, creditLimit } = standing;
  const now = new Date(nowMs);
  const resetMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  const used = Math.min(creditsUsed, creditLimit);
  return {
    daysUntilReset: Math.ceil((resetMs - nowMs) / 86_400_000),
    nextDateReset: resetMs / 1000,
    limits: [],
    subscriptionInfo: {
      type: 'Q_DEVELOPER_STANDALONE_PRO',
      subscriptionTitle: 'KIRO PRO',
      upgradeCapability: 'UPGRADE_CAPABLE',
      overageCapability: 'OVERAGE_CAPABLE',
      subscriptionManagementTarget: 'MANAGE',
    },
    overageConfiguration: { overageStatus: 'DISABLED' },
    usageBreakdownList: [
      {
        resourceType: 'CREDIT',
        displayName: 'Credit',
        displayNamePlural: 'Credits',
        currentUsage: Math.floor(used),
        currentUsageWithPrecision: Number(used.toFixed(6)),
        currentOverages: 0,
        currentOveragesWithPrecision: 0,
        usageLimit: Math.floor(creditLimit),
        usageLimitWithPrecision: creditLimit,
        unit: 'INVOCATIONS',
        overageCharges: 0,
        currency: 'USD',
        overageRate: 0.04,
        nextDateReset: resetMs / 1000,
        bonuses: [],
      },
    ],
    userInfo: {
      userId: `d-0000000000.${account.id}`,
      ...(withEmail && account.email !== undefined ? { email: account.email } : {}),
    },
  };
}
