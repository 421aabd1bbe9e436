/** The profiles of an organisation's account (ListAvailableProfiles) and of an API key (GetProfile). */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ProfilePage, UpstreamProfile, UpstreamProfiles } from '../upstream.ts';
import { encodeGetProfile, encodeListProfiles } from './operations.ts';
import type { WireProfiles } from './profiles.ts';

export function createProfiles(wireProfiles: WireProfiles): UpstreamProfiles {
  return {
    regions: (access) => wireProfiles.get(access.wireProfile).regions,
    encodeList: (access, nextToken) => encodeListProfiles(access, nextToken, wireProfiles),
    decodeList,
    encodeOwn: (access) => encodeGetProfile(access, wireProfiles),
    decodeOwn: (body) => toProfile(parse(body, 'GetProfile').profile)[0],
  };
}

function decodeList(body: string): ProfilePage {
  const { profiles, nextToken } = parse(body, 'ListAvailableProfiles');
  return {
    profiles: Array.isArray(profiles) ? profiles.flatMap(toProfile) : [],
    nextToken: typeof nextToken === 'string' && nextToken !== '' ? nextToken : undefined,
  };
}

/** `arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL` */
const ARN = /^arn:aws[a-z-]*:codewhisperer:[a-z]{2}(?:-[a-z]+){1,3}-\d:\d{12}:profile\/[A-Za-z0-9]{12}$/;

/** Empty unless the entry is an active profile. */
function toProfile(entry: unknown): UpstreamProfile[] {
  if (!isJsonObject(entry)) return [];
  const { arn, profileName, status } = entry;
  const isActive = status === undefined || status === null || status === 'ACTIVE';
  if (typeof arn !== 'string' || !ARN.test(arn) || !isActive) return [];
  return [{ arn, name: typeof profileName === 'string' ? profileName : arn }];
}

function parse(body: string, operation: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return isJsonObject(value) ? value : {};
  } catch {
    throw new GatewayError('upstream_broken', `The service returned an unexpected response to ${operation}.`);
  }
}
