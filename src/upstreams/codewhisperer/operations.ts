/** Which HTTP request carries an operation of the service: host, path, headers and ARN as the wire profile says. */
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Access, UpstreamRequest } from '../upstream.ts';
import { type OperationName, type WireProfile, wireProfile } from './profiles.ts';
import type { GenerateAssistantResponseRequest, ListAvailableModelsRequest } from './wire.ts';

/** Throws `profile_required` for a missing ARN which the profile insists on, `feature_not_supported` for an operation it lacks. */
export function profileArnFor(profile: WireProfile, name: OperationName, access: Access): string | undefined {
  const plane = profile[operationOf(profile, name).plane];
  if (plane.profileArn === 'never') return undefined;
  if (access.profileArn === undefined && plane.profileArn === 'required') {
    throw new GatewayError(
      'profile_required',
      `The wire profile ${profile.id} needs a profile ARN and this account has none. Set one, or use another wire profile.`,
    );
  }
  return access.profileArn;
}

/** What stands for the ARN of an account which has none of its own, where the wire profile cannot do without. */
export function vendorProfileArn(wireProfileId: string, kind: string): string | undefined {
  const profile = wireProfile(wireProfileId);
  return profile.streaming.profileArn === 'required' ? profile.vendorProfileArns?.[kind] : undefined;
}

/** `body` is the operation's whole input; for a GET it becomes the query. */
export function operationRequest(name: OperationName, body: string, access: Access): UpstreamRequest {
  const profile = wireProfile(access.wireProfile);
  return { ...envelope(profile, name, access, ''), body };
}

export function encodeListModels(access: Access, nextToken: string | undefined): UpstreamRequest {
  const profile = wireProfile(access.wireProfile);
  const profileArn = profileArnFor(profile, 'ListAvailableModels', access);
  const input: ListAvailableModelsRequest = {
    origin: profile.origin,
    maxResults: 50,
    ...(nextToken === undefined ? {} : { nextToken }),
    ...(profileArn === undefined ? {} : { profileArn }),
  };
  return controlRequest(profile, 'ListAvailableModels', { ...input }, access);
}

/** Only Identity Center and external identity providers have profiles; the service refuses Builder IDs with 403. */
export function encodeListProfiles(access: Access, nextToken: string | undefined): UpstreamRequest {
  const profile = wireProfile(access.wireProfile);
  return controlRequest(profile, 'ListAvailableProfiles', nextToken === undefined ? {} : { nextToken }, access);
}

export function encodeUsageLimits(access: Access): UpstreamRequest {
  const profile = wireProfile(access.wireProfile);
  const profileArn = profileArnFor(profile, 'GetUsageLimits', access);
  const input = {
    ...(profileArn === undefined ? {} : { profileArn }),
    origin: profile.origin,
    resourceType: 'CREDIT',
    isEmailRequired: false,
  };
  return controlRequest(profile, 'GetUsageLimits', input, access);
}

export function chatRequest(body: GenerateAssistantResponseRequest, access: Access): UpstreamRequest {
  return operationRequest('GenerateAssistantResponse', JSON.stringify(body), access);
}

function controlRequest(profile: WireProfile, name: OperationName, input: JsonObject, access: Access): UpstreamRequest {
  if (operationOf(profile, name).method === 'POST') {
    return { ...envelope(profile, name, access, ''), body: JSON.stringify(input) };
  }
  const query = new URLSearchParams(Object.entries(input).map(([key, value]) => [key, String(value)]));
  return { ...envelope(profile, name, access, `?${query}`), body: undefined };
}

function envelope(
  profile: WireProfile,
  name: OperationName,
  access: Access,
  query: string,
): Omit<UpstreamRequest, 'body'> {
  const { plane: planeName, method, path, target } = operationOf(profile, name);
  const plane = profile[planeName];
  const region = apiRegion(profile, access);
  const host = access.baseUrl ?? plane.baseUrl;
  const urlIn = (name: string) => `${host.replace('{region}', name)}${path}${query}`;
  const other = otherRegion(profile, access, region);
  return {
    method,
    url: urlIn(region),
    region,
    ...(other !== undefined && host.includes('{region}') ? { elsewhere: { region: other, url: urlIn(other) } } : {}),
    headers: {
      ...(method === 'GET' ? {} : { 'content-type': plane.contentType }),
      ...(target === undefined ? {} : { 'x-amz-target': target }),
      ...plane.headers,
      ...(plane.profileArnHeader && access.profileArn !== undefined
        ? { 'x-amzn-kiro-profile-arn': access.profileArn }
        : {}),
      ...lowerCaseNames(access.headers),
    },
  };
}

function operationOf(profile: WireProfile, name: OperationName): Operation {
  const operation = profile.operations[name];
  if (operation) return operation;
  throw new GatewayError('feature_not_supported', `The wire profile ${profile.id} has no ${name}. Use another one.`);
}

type Operation = NonNullable<WireProfile['operations'][OperationName]>;

/** The ARN's region wins: the service refuses an ARN of another region. SSO regions are many, API regions few. */
function apiRegion({ regions }: WireProfile, { profileArn, region }: Access): string {
  const candidates = [profileArn?.split(':')[3], region, region.startsWith('eu-') ? 'eu-central-1' : undefined];
  return candidates.find((candidate) => candidate !== undefined && regions.includes(candidate)) ?? regions[0];
}

/** undefined: the ARN says which it is. */
function otherRegion({ regions }: WireProfile, { profileArn }: Access, region: string): string | undefined {
  return profileArn === undefined ? regions.find((candidate) => candidate !== region) : undefined;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
