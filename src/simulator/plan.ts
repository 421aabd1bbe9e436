/** The account's plan: credits used and left, requests per minute, and the service's errors when they run out. */
import type { JsonObject } from '../core/json.ts';
import type { SimulatedModel } from './catalogue.ts';
import type { ExtraCredits, SimulatedAccountState } from './identities.ts';
import { Refused } from './refusal.ts';

const OVERAGE_RATE = 0.04;

/** Counts a request. Throws Refused if the plan is used up or requests come too fast. */
export function admitChat(accountState: SimulatedAccountState, nowMs: number): void {
  startMonth(accountState, nowMs);
  if (!hasCredits(accountState, nowMs)) throw usedUp(accountState);
  if (accountState.requestsPerMinute === Number.POSITIVE_INFINITY) return;
  const recent = accountState.chatsAtMs.filter((atMs) => atMs > nowMs - 60_000);
  const [oldest] = recent;
  if (oldest !== undefined && recent.length >= accountState.requestsPerMinute) {
    const message = 'Too many requests, please wait before trying again.';
    const retryAfterS = Math.ceil((oldest + 60_000 - nowMs) / 1000);
    throw new Refused({ status: 429, name: 'ThrottlingException', message, reason: null, retryAfterS }, 'plan-rate');
  }
  accountState.chatsAtMs = [...recent, nowMs];
}

function hasCredits(accountState: SimulatedAccountState, nowMs: number): boolean {
  const { account, creditsUsed, creditLimit } = accountState;
  const overage = account.plan?.overage;
  const beyond = overage ? (overage.cap ?? Number.POSITIVE_INFINITY) : 0;
  return (
    creditsUsed < creditLimit + beyond || extrasOf(accountState).some((extra) => leftOf(accountState, extra, nowMs) > 0)
  );
}

/** Plans that count requests (Q Developer) are throttled; credit plans (Kiro) have an error of their own. */
function usedUp({ account }: SimulatedAccountState): Refused {
  if (account.plan?.countsRequests) {
    const message = 'Maximum Request reached for this month.';
    const reason = 'MONTHLY_REQUEST_COUNT';
    return new Refused({ status: 429, name: 'ThrottlingException', message, reason }, 'plan-requests');
  }
  const refusal = { status: 402, name: 'ServiceQuotaExceededException' };
  const [message, reason] = account.plan?.overage
    ? ['You have reached the limit for overages.', 'OVERAGE_REQUEST_LIMIT_EXCEEDED']
    : ['You have reached the limit.', 'MONTHLY_REQUEST_COUNT'];
  return new Refused({ ...refusal, message, reason }, 'plan-credits');
}

/** Credits for one reply: its tokens, output weighted five times, multiplied by the model's rate. */
export function spendCredits(
  accountState: SimulatedAccountState,
  model: SimulatedModel,
  inputTokens: number,
  outputTokens: number,
  nowMs: number,
): number {
  const credits = Number((model.rateMultiplier * (0.01 + (inputTokens + 5 * outputTokens) / 1_000_000)).toFixed(6));
  let owed = accountState.account.plan?.countsRequests ? 1 : credits;
  for (const extra of extrasOf(accountState)) {
    const taken = Math.min(owed, leftOf(accountState, extra, nowMs));
    accountState.extrasUsed.set(extra.name, (accountState.extrasUsed.get(extra.name) ?? 0) + taken);
    owed -= taken;
  }
  accountState.creditsUsed += owed;
  return credits;
}

function extrasOf({ account }: SimulatedAccountState): readonly ExtraCredits[] {
  return account.plan?.extras ?? [];
}

function leftOf(
  { extrasUsed }: SimulatedAccountState,
  { name, limit, expiresAtMs }: ExtraCredits,
  nowMs: number,
): number {
  return expiresAtMs > nowMs ? limit - (extrasUsed.get(name) ?? 0) : 0;
}

/** Plans reset on the first day of a month. */
function startMonth(accountState: SimulatedAccountState, nowMs: number): void {
  if (accountState.resetMs !== undefined && nowMs >= accountState.resetMs) accountState.creditsUsed = 0;
  accountState.resetMs = nextMonth(nowMs);
}

function nextMonth(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
}

export function usageLimits(accountState: SimulatedAccountState, nowMs: number, withEmail: boolean): JsonObject {
  startMonth(accountState, nowMs);
  const { account } = accountState;
  const { plan } = account;
  const resetMs = nextMonth(nowMs);
  return {
    daysUntilReset: Math.ceil((resetMs - nowMs) / 86_400_000),
    nextDateReset: resetMs / 1000,
    limits: plan?.countsRequests ? [requestLimit(accountState)] : [],
    subscriptionInfo: {
      type: 'Q_DEVELOPER_STANDALONE_PRO',
      subscriptionTitle: plan?.title ?? 'KIRO PRO',
      upgradeCapability: 'UPGRADE_CAPABLE',
      overageCapability: 'OVERAGE_CAPABLE',
      subscriptionManagementTarget: 'MANAGE',
    },
    overageConfiguration: plan?.overage
      ? { overageStatus: 'ENABLED', ...(plan.overage.cap === undefined ? {} : { overageLimit: plan.overage.cap }) }
      : { overageStatus: 'DISABLED' },
    usageBreakdownList: plan?.countsRequests ? [] : [creditBreakdown(accountState, resetMs, nowMs)],
    userInfo: {
      userId: `d-0000000000.${account.id}`,
      ...(withEmail && account.email !== undefined ? { email: account.email } : {}),
    },
  };
}

function requestLimit({ creditsUsed, creditLimit }: SimulatedAccountState): JsonObject {
  const used = Math.min(creditsUsed, creditLimit);
  const percentUsed = creditLimit === 0 ? 100 : (100 * used) / creditLimit;
  return { type: 'AGENTIC_REQUEST', currentUsage: used, totalUsageLimit: creditLimit, percentUsed };
}

function creditBreakdown(accountState: SimulatedAccountState, resetMs: number, nowMs: number): JsonObject {
  const { creditsUsed, creditLimit } = accountState;
  const used = Math.min(creditsUsed, creditLimit);
  const overages = accountState.account.plan?.overage ? Math.max(0, creditsUsed - creditLimit) : 0;
  const [trial] = extrasOf(accountState).filter(({ kind }) => kind === 'trial');
  const bonuses = extrasOf(accountState).filter(({ kind }) => kind === 'bonus');
  return {
    resourceType: 'CREDIT',
    displayName: 'Credit',
    displayNamePlural: 'Credits',
    currentUsage: Math.floor(used),
    currentUsageWithPrecision: precise(used),
    currentOverages: Math.floor(overages),
    currentOveragesWithPrecision: precise(overages),
    usageLimit: Math.floor(creditLimit),
    usageLimitWithPrecision: creditLimit,
    unit: 'INVOCATIONS',
    overageCharges: precise(overages * OVERAGE_RATE),
    currency: 'USD',
    overageRate: OVERAGE_RATE,
    nextDateReset: resetMs / 1000,
    ...(trial ? { freeTrialInfo: trialInfo(accountState, trial, nowMs) } : {}),
    bonuses: bonuses.map((bonus) => bonusInfo(accountState, bonus, nowMs)),
  };
}

function trialInfo(
  { extrasUsed }: SimulatedAccountState,
  { name, limit, expiresAtMs }: ExtraCredits,
  nowMs: number,
): JsonObject {
  const used = extrasUsed.get(name) ?? 0;
  return {
    freeTrialStatus: expiresAtMs > nowMs ? 'ACTIVE' : 'EXPIRED',
    freeTrialExpiry: expiresAtMs / 1000,
    currentUsage: Math.floor(used),
    currentUsageWithPrecision: precise(used),
    usageLimit: Math.floor(limit),
    usageLimitWithPrecision: limit,
  };
}

function bonusInfo(accountState: SimulatedAccountState, bonus: ExtraCredits, nowMs: number): JsonObject {
  const { name, limit, expiresAtMs } = bonus;
  const isSpent = leftOf(accountState, bonus, nowMs) <= 0;
  return {
    bonusCode: name.toUpperCase().replaceAll(/\W+/g, '_'),
    displayName: name,
    description: name,
    status: expiresAtMs <= nowMs ? 'EXPIRED' : isSpent ? 'EXHAUSTED' : 'ACTIVE',
    expiresAt: expiresAtMs / 1000,
    currentUsage: precise(accountState.extrasUsed.get(name) ?? 0),
    usageLimit: limit,
  };
}

function precise(figure: number): number {
  return Number(figure.toFixed(6));
}
