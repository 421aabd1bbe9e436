/**
 * The service often refuses a request with "Improperly formed request." and no reason. It may then accept the same request
 * under the safest readings of the rules on which the sources contradict each other.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Adjustment } from '../../core/adjustments.ts';
import type { GatewayError } from '../../core/errors.ts';
import type { Access, FirstAid } from '../upstream.ts';
import { note } from './normalize/rules.ts';
import { SHIPPED_PROFILES, type WireProfiles } from './profiles.ts';
import { withReadings } from './readings/profile.ts';
import { SAFEST_READINGS } from './readings/rules.ts';

/** A reason such as `TOOL_DUPLICATE` says what to change; this one says no more than the message. */
const NO_REASON = /^REQUEST_BODY_INVALID/;

/** undefined: the refusal has a reason, or the account's requests have the safest reading of every rule already. */
export function firstAid(
  { upstream }: GatewayError,
  access: Access,
  profiles: WireProfiles = SHIPPED_PROFILES,
): FirstAid | undefined {
  if (upstream?.status !== 400 || !/improperly formed request/i.test(upstream.message ?? '')) return undefined;
  if (upstream.reason !== undefined && !NO_REASON.test(upstream.reason)) return undefined;
  const profile = profiles.of(access);
  const readings = Object.entries(SAFEST_READINGS).filter(
    ([rule, reading]) => !isDeepStrictEqual(withReadings(profile, { [rule]: reading }), profile),
  );
  if (readings.length === 0) return undefined;
  const changed = Object.fromEntries(readings);
  return { access: { ...access, readings: { ...access.readings, ...changed } }, adjustment: firstAidNote(readings) };
}

function firstAidNote(readings: readonly (readonly [rule: string, reading: string])[]): Adjustment {
  return note('first-aid', '', undefined, readings.map(([rule, reading]) => `${rule}=${reading}`).join(', '));
}
