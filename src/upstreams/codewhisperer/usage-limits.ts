/**
 * GetUsageLimits. Its response has one of three shapes: a list of limits (Q Developer), a list of breakdowns with trial,
 * bonuses and overages (Kiro), or a single breakdown (older services).
 * Source: GetUsageLimitsResponse of the published CodeWhisperer runtime client; reports of its users.
 */
import type { ErrorCode, GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Allowance, Overage, UsageLimits } from '../../core/usage-limits.ts';
import type { Access, UpstreamRequest, UpstreamUsageLimits } from '../upstream.ts';
import { encodeUsageLimits } from './operations.ts';
import { parseResponse } from './parse-response.ts';
import type { WireProfiles } from './profiles.ts';

export function createUsageLimits(wireProfiles: WireProfiles): UpstreamUsageLimits {
  return {
    encode: (access) => encodeUsageLimits(access, wireProfiles),
    encodeAfter: (access, refusal) => encodeWithoutProfile(access, refusal, wireProfiles),
    decode: decodeUsageLimits,
  };
}

/** Some hosts refuse the profile ARN for this operation, although they require it for all others. */
function encodeWithoutProfile(
  { profileArn, ...access }: Access,
  { code }: GatewayError,
  wireProfiles: WireProfiles,
): UpstreamRequest | undefined {
  if (profileArn === undefined || !MAY_BE_THE_PROFILE.has(code)) return undefined;
  const region = profileArn.split(':')[3] ?? access.region;
  return encodeUsageLimits({ ...access, region, profileArn: undefined }, wireProfiles);
}

const MAY_BE_THE_PROFILE: ReadonlySet<ErrorCode> = new Set([
  'upstream_refused',
  'permission_denied',
  'feature_not_supported',
  'token_rejected',
]);

/** The resources that chat draws on, the newest first; an account has one of them. */
const CHAT_RESOURCES = ['CREDIT', 'AGENTIC_REQUEST', 'VIBE', 'AI_EDITOR'];

/** Throws `upstream_broken` for a body of another shape. */
export function decodeUsageLimits(body: string): UsageLimits {
  const answer = parseResponse(body, 'GetUsageLimits');
  const { subscriptionInfo, usageBreakdown, usageBreakdownList, limits, nextDateReset } = answer;
  const title = isJsonObject(subscriptionInfo) ? textOf(subscriptionInfo.subscriptionTitle) : undefined;
  const type = isJsonObject(subscriptionInfo) ? textOf(subscriptionInfo.type) : undefined;
  const breakdown = ofChat([...objectsIn(usageBreakdownList), ...objectsIn([usageBreakdown ?? null])], 'resourceType');
  const limit = ofChat(objectsIn(limits), 'type');
  return {
    plan: title ?? type,
    resetAtMs: toMs(nextDateReset) ?? toMs(breakdown?.nextDateReset),
    allowances: breakdown ? allowancesOf(breakdown) : limit ? allowanceOfLimit(limit) : [],
    overage: breakdown && overageOf(breakdown, answer),
  };
}

/** The entry that chat draws on; a single entry counts whatever its name. */
function ofChat(entries: readonly JsonObject[], member: string): JsonObject | undefined {
  for (const resource of CHAT_RESOURCES) {
    const match = entries.find((entry) => entry[member] === resource);
    if (match) return match;
  }
  return entries.length === 1 ? entries[0] : undefined;
}

function allowanceOfLimit({ type, currentUsage, totalUsageLimit }: JsonObject): Allowance[] {
  const name = textOf(type) === 'AGENTIC_REQUEST' ? 'Requests' : inWords(textOf(type) ?? 'Requests');
  const used = numberOf(currentUsage) ?? 0;
  return [{ kind: 'plan', name, used, limit: numberOf(totalUsageLimit) ?? 0, expiresAtMs: undefined }];
}

function allowancesOf(breakdown: JsonObject): Allowance[] {
  const { freeTrialInfo, bonuses, displayNamePlural, displayName, resourceType } = breakdown;
  const name = textOf(displayNamePlural) ?? textOf(displayName) ?? inWords(textOf(resourceType) ?? 'Credits');
  const trial = isJsonObject(freeTrialInfo) && freeTrialInfo.freeTrialStatus === 'ACTIVE' ? freeTrialInfo : undefined;
  const active = objectsIn(bonuses).filter(({ status }) => status !== 'EXPIRED');
  return [
    { kind: 'plan', name, ...figuresOf(breakdown), expiresAtMs: undefined },
    ...(trial ? [allowance('trial', 'Free trial', trial, trial.freeTrialExpiry)] : []),
    ...active.map((bonus) =>
      allowance('bonus', textOf(bonus.displayName) ?? textOf(bonus.bonusCode) ?? 'Bonus', bonus, bonus.expiresAt),
    ),
  ];
}

function allowance(kind: Allowance['kind'], name: string, entry: JsonObject, expiry: JsonValue | undefined): Allowance {
  return { kind, name, ...figuresOf(entry), expiresAtMs: toMs(expiry) };
}

function figuresOf(entry: JsonObject): Pick<Allowance, 'used' | 'limit'> {
  return { used: precise(entry, 'currentUsage') ?? 0, limit: precise(entry, 'usageLimit') ?? 0 };
}

/** `overageConfiguration` says whether the owner enabled overage; the cap is in one of three places. */
function overageOf(breakdown: JsonObject, answer: JsonObject): Overage | undefined {
  const { overageConfiguration, totalUsage } = answer;
  const configured = isJsonObject(overageConfiguration) ? overageConfiguration : {};
  const total = isJsonObject(totalUsage) ? totalUsage : {};
  const used = precise(breakdown, 'currentOverages') ?? 0;
  const isOn = configured.overageStatus === 'ENABLED';
  if (!isOn && used === 0) return undefined;
  return {
    isOn,
    used,
    cap: precise(breakdown, 'overageCap') ?? numberOf(configured.overageLimit) ?? numberOf(total.overageLimit),
    charges: numberOf(breakdown.overageCharges) ?? numberOf(total.totalOverageCharges) ?? 0,
    currency: textOf(breakdown.currency) ?? 'USD',
  };
}

/** The plain member is rounded down; the exact figure is in `…WithPrecision`. */
function precise(entry: JsonObject, member: string): number | undefined {
  return numberOf(entry[`${member}WithPrecision`]) ?? numberOf(entry[member]);
}

/** Seconds since 1970, possibly fractional, or ISO text. Milliseconds are recognised by their size. */
function toMs(date: JsonValue | undefined): number | undefined {
  if (typeof date === 'string') {
    const parsed = Date.parse(date);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  const number = numberOf(date);
  if (number === undefined || number <= 0) return undefined;
  return Math.round(number > 1e11 ? number : number * 1000);
}

/** `CODE_COMPLETIONS` → `Code completions`. */
function inWords(name: string): string {
  const words = name.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function objectsIn(list: JsonValue | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter((entry) => isJsonObject(entry)) : [];
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 100) : undefined;
}
