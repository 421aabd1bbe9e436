/** The HTTP request for an operation of the service: host, path, headers and ARN according to the wire profile. */
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Access, Invocation, UpstreamRequest } from '../upstream.ts';
import {
  type ClientFacts,
  type Operation,
  type OperationName,
  SHIPPED_PROFILES,
  type WireProfile,
  type WireProfiles,
} from './profiles.ts';
import { fillTemplate } from './template.ts';
import type { ListAvailableModelsRequest } from './wire.ts';

/** InvokeMCP has several forms: see web-search.ts. */
type SingleOperation = Exclude<OperationName, 'InvokeMCP'>;

/** Throws `profile_required` for a missing required ARN, `feature_not_supported` for an operation the profile lacks. */
export function profileArnFor(profile: WireProfile, name: SingleOperation, access: Access): string | undefined {
  return profileArnOn(profile, operationOf(profile, name), access);
}

export function profileArnOn(profile: WireProfile, { plane: name }: Operation, access: Access): string | undefined {
  const plane = profile[name];
  if (plane.profileArn === 'never') return undefined;
  const profileArn =
    access.profileArn ?? (plane.profileArn === 'required' ? vendorArnOf(profile, access.kind) : undefined);
  if (profileArn === undefined && plane.profileArn === 'required') {
    throw new GatewayError(
      'profile_required',
      `The wire profile ${profile.id} needs a profile ARN and this account has none. Set one, or use another wire profile.`,
    );
  }
  return profileArn;
}

/** The ARN for an account without its own where the wire profile requires one: the one learnt, or the vendor's. */
export function requiredProfileArn(
  wireProfileId: string,
  kind: string,
  learned: string | undefined,
  profiles: WireProfiles = SHIPPED_PROFILES,
): string | undefined {
  const profile = profiles.get(wireProfileId);
  return profile.streaming.profileArn === 'required' ? (learned ?? vendorArnOf(profile, kind)) : undefined;
}

function vendorArnOf({ vendorProfileArns }: WireProfile, kind: string): string | undefined {
  const arns: Readonly<Record<string, string | undefined>> = vendorProfileArns ?? {};
  return arns[kind];
}

/** `body` is the operation's complete input. */
export function operationRequest(
  name: SingleOperation,
  body: string | Buffer,
  access: Access,
  { profiles = SHIPPED_PROFILES, invocation }: CallContext = {},
): UpstreamRequest {
  const profile = profiles.of(access);
  return requestOf(profile, operationOf(profile, name), body, access, { profiles, invocation });
}

export interface CallContext {
  readonly profiles?: WireProfiles | undefined;
  readonly invocation?: Invocation | undefined;
}

export function requestOf(
  profile: WireProfile,
  operation: Operation,
  body: string | Buffer,
  access: Access,
  { profiles = SHIPPED_PROFILES, invocation }: CallContext,
): UpstreamRequest {
  const destination = destinationOf(profile, operation, access, profiles.client);
  return { ...destination.target, headers: headersFor(destination, profile, operation, access, invocation), body };
}

export function encodeListModels(
  access: Access,
  nextToken: string | undefined,
  profiles: WireProfiles = SHIPPED_PROFILES,
): UpstreamRequest {
  const profile = profiles.of(access);
  const profileArn = profileArnFor(profile, 'ListAvailableModels', access);
  const input: ListAvailableModelsRequest = {
    origin: profile.origin,
    maxResults: 50,
    ...(nextToken === undefined ? {} : { nextToken }),
    ...(profileArn === undefined ? {} : { profileArn }),
  };
  return controlRequest(profile, 'ListAvailableModels', { ...input }, access, profiles);
}

/** Only Identity Center and external identity providers have profiles; the service refuses Builder IDs with 403. */
export function encodeListProfiles(
  access: Access,
  nextToken: string | undefined,
  profiles: WireProfiles = SHIPPED_PROFILES,
): UpstreamRequest {
  const profile = profiles.of(access);
  const input = nextToken === undefined ? {} : { nextToken };
  return controlRequest(profile, 'ListAvailableProfiles', input, access, profiles);
}

/** Without an ARN the service returns the profile of the calling API key. */
export function encodeGetProfile(access: Access, profiles: WireProfiles = SHIPPED_PROFILES): UpstreamRequest {
  return controlRequest(profiles.of(access), 'GetProfile', {}, access, profiles);
}

export function encodeUsageLimits(access: Access, profiles: WireProfiles = SHIPPED_PROFILES): UpstreamRequest {
  const profile = profiles.of(access);
  const profileArn = profileArnFor(profile, 'GetUsageLimits', access);
  const input = {
    ...(profileArn === undefined ? {} : { profileArn }),
    origin: profile.origin,
    resourceType: 'CREDIT',
    isEmailRequired: false,
  };
  return controlRequest(profile, 'GetUsageLimits', input, access, profiles);
}

function controlRequest(
  profile: WireProfile,
  name: SingleOperation,
  input: JsonObject,
  access: Access,
  profiles: WireProfiles,
): UpstreamRequest {
  const operation = operationOf(profile, name);
  const members = { ...operation.input, ...input };
  if (operation.method === 'POST')
    return requestOf(profile, operation, JSON.stringify(members), access, { profiles, invocation: undefined });
  const query = new URLSearchParams(Object.entries(members).map(([key, value]) => [key, String(value)]));
  const destination = findDestination(profile, operation, access, `?${query}`, profiles.client);
  const headers = headersFor(destination, profile, operation, access, undefined);
  return { ...destination.target, headers, body: undefined };
}

/** Where requests go, and their headers: the same for all of an account's requests for one operation. */
interface Destination {
  readonly target: Omit<UpstreamRequest, 'headers' | 'body'>;
  /** In the order in which they are sent; those that differ between invocations are empty. */
  readonly headers: Readonly<Record<string, string>>;
  readonly varying: readonly { readonly name: string; readonly template: string }[];
}

interface KnownDestination {
  readonly destination: Destination;
  readonly client: ClientFacts;
}

/** By operation, of which each wire profile has its own, and by access, of which an account has one until it changes. */
const DESTINATIONS = new WeakMap<Operation, WeakMap<Access, KnownDestination>>();

function destinationOf(profile: WireProfile, operation: Operation, access: Access, client: ClientFacts): Destination {
  let byAccess = DESTINATIONS.get(operation);
  if (!byAccess) {
    byAccess = new WeakMap();
    DESTINATIONS.set(operation, byAccess);
  }
  const known = byAccess.get(access);
  if (known?.client === client) return known.destination;
  const destination = findDestination(profile, operation, access, '', client);
  byAccess.set(access, { destination, client });
  return destination;
}

function findDestination(
  profile: WireProfile,
  { plane: planeName, method, path, target }: Operation,
  access: Access,
  query: string,
  client: ClientFacts,
): Destination {
  const plane = profile[planeName];
  const region = apiRegion(profile, access);
  const host = hostOf(plane, access);
  const urlIn = (name: string) => `${host.replace('{region}', name)}${path}${query}`;
  const other = otherRegion(profile, access, region);
  const own = headersOf(plane, placeholders(profile, plane, access, undefined));
  return {
    target: {
      method,
      url: urlIn(region),
      region,
      ...(other !== undefined && host.includes('{region}') ? { elsewhere: { region: other, url: urlIn(other) } } : {}),
      ...(plane.badToken === undefined ? {} : { badToken: plane.badToken }),
    },
    headers: {
      'user-agent': fillTemplate(plane.userAgent, { ...client }) ?? plane.userAgent,
      ...(method === 'GET' ? {} : { 'content-type': plane.contentType }),
      ...(target === undefined ? {} : { 'x-amz-target': target }),
      ...Object.fromEntries(own.map(({ name, value }) => [name, value ?? ''])),
    },
    varying: own.filter(({ value }) => value === undefined),
  };
}

/** May contain `{region}`. */
function hostOf({ baseUrl }: Plane, access: Access): string {
  return access.baseUrl?.replace('{host}', baseUrl.slice('https://'.length)) ?? baseUrl;
}

/** The origins that chats and control operations are sent to, without duplicates. */
export function originsOf(access: Access, profiles: WireProfiles = SHIPPED_PROFILES): readonly string[] {
  const profile = profiles.of(access);
  const region = apiRegion(profile, access);
  const planes = [profile.streaming, profile.controlPlane];
  return [...new Set(planes.map((plane) => new URL(hostOf(plane, access).replace('{region}', region)).origin))];
}

interface Header {
  readonly name: string;
  /** undefined: it differs between the invocations. */
  readonly value: string | undefined;
  readonly template: string;
}

/** Without those that have no value for the account. */
function headersOf(plane: Plane, values: Placeholders): Header[] {
  return Object.entries(plane.headers).flatMap(([name, template]) => {
    if (/\{(?:invocationId|attempt)\}/.test(template)) return { name, value: undefined, template };
    const value = fillTemplate(template, values);
    return value === undefined ? [] : { name, value, template };
  });
}

type Plane = WireProfile['streaming'];
type Placeholders = Readonly<Record<string, string | undefined>>;

function placeholders(
  { tokenTypes }: WireProfile,
  { maxAttempts }: Plane,
  { profileArn, kind }: Access,
  invocation: Invocation | undefined,
): Placeholders {
  const types: Placeholders = tokenTypes;
  return {
    profileArn,
    tokenType: types[kind],
    invocationId: invocation?.id,
    attempt: invocation && String(Math.min(invocation.attempt, maxAttempts)),
    maxAttempts: String(maxAttempts),
  };
}

/** Without those that have no value. */
function headersFor(
  { headers: fixed, varying }: Destination,
  profile: WireProfile,
  { plane }: Operation,
  access: Access,
  invocation: Invocation | undefined,
): Record<string, string> {
  const headers = { ...fixed };
  if (varying.length === 0) return headers;
  const values = placeholders(profile, profile[plane], access, invocation);
  for (let index = 0; index < varying.length; index++) {
    const { name, template } = varying[index] as Destination['varying'][number]; // within its bounds
    const value = fillTemplate(template, values);
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return headers;
}

function operationOf(profile: WireProfile, name: SingleOperation): Operation {
  const operation = profile.operations[name];
  if (operation) return operation;
  throw new GatewayError(
    'feature_not_supported',
    `The wire profile ${profile.id} does not support ${name}. Use another wire profile.`,
  );
}

/** The ARN's region wins: the service refuses an ARN of another region. Most SSO regions have no API. */
function apiRegion({ regions }: WireProfile, { profileArn, region }: Access): string {
  const candidates = [profileArn?.split(':')[3], region, region.startsWith('eu-') ? 'eu-central-1' : undefined];
  return candidates.find((candidate) => candidate !== undefined && regions.includes(candidate)) ?? regions[0];
}

/** undefined: the ARN names the region. */
function otherRegion({ regions }: WireProfile, { profileArn }: Access, region: string): string | undefined {
  return profileArn === undefined ? regions.find((candidate) => candidate !== region) : undefined;
}
