/**
 * Determines the service host that a request targets, and the operations of that host. One listener stands for
 * all hosts, so the host comes from the first of these that names it: a path prefix (`/host/runtime.eu-central-1.kiro.dev/…`
 * or, for the region alone, `/region/eu-central-1/…`), the Host header of a client whose resolver or proxy leads here,
 * the service named in `x-amz-target`. Sources: public captures and live tests of August to October 2026.
 */

import type { HostsSetting } from './service.ts';

/** `q`: q.{region}.amazonaws.com and codewhisperer.{region}.amazonaws.com. The others are Kiro's, at {region}.kiro.dev. */
export type Host = 'q' | 'runtime' | 'management';

export interface Address {
  /** The path without the prefix. */
  readonly path: string;
  /** Undefined if the address does not name it. */
  readonly host: Host | undefined;
  readonly region: string | undefined;
}

const PREFIX = /^\/(host|region)\/([a-z0-9.-]+)(\/.*)?$/;
const HOST_NAME = /^(?:(q|codewhisperer)\.([a-z0-9-]+)\.amazonaws\.com|(runtime|management)\.([a-z0-9-]+)\.kiro\.dev)$/;

export function readAddress(wirePath: string, hostHeader: string | undefined): Address {
  const [, kind, name = '', path = '/'] = PREFIX.exec(wirePath) ?? [];
  if (kind === 'region') return { path, host: undefined, region: name };
  const prefixed = kind === 'host' ? parseHostName(name) : undefined;
  if (prefixed) return { path, ...prefixed };
  return { path: wirePath, ...(parseHostName(hostHeader ?? '') ?? { host: undefined, region: undefined }) };
}

function parseHostName(name: string): Pick<Address, 'host' | 'region'> | undefined {
  const [match, amazon, amazonRegion, kiro, kiroRegion] = HOST_NAME.exec(name) ?? [];
  if (match === undefined) return undefined;
  if (amazon !== undefined) return { host: 'q', region: amazonRegion };
  return { host: kiro === 'runtime' ? 'runtime' : 'management', region: kiroRegion };
}

/** Undefined for a host that serves everything. */
export function hostOf(
  addressed: Host | undefined,
  service: string,
  operation: string | undefined,
  hosts: HostsSetting,
): Host | undefined {
  if (addressed) return addressed;
  if (hosts === 'q') return 'q';
  if (service === 'KiroRuntimeService') return 'runtime';
  if (service === 'KiroControlPlaneBearerService') return 'management';
  if (hosts === 'any' || operation === undefined) return undefined;
  return CONTROL_PLANE.has(operation) ? 'management' : 'runtime';
}

const CONTROL_PLANE: ReadonlySet<string> = new Set([
  'ListAvailableModels',
  'ListAvailableProfiles',
  'GetUsageLimits',
  'GetProfile',
  'ListApiKeys',
]);

/**
 * Whether the host serves this operation. `route` is the path of a REST request or the `x-amz-target` of a JSON one;
 * sign-in paths belong to other hosts and are not checked.
 */
export function isServed(host: Host | undefined, route: string): boolean {
  switch (host) {
    case undefined:
      return true;
    case 'q':
      return !route.startsWith('Kiro') && !MANAGEMENT_PATH.test(route);
    case 'runtime':
      // Old targets and paths still work here; control-plane operations and signed requests do not.
      return !ANY_CONTROL_PLANE.test(route) && !route.startsWith('AmazonQDeveloper');
    case 'management':
      return MANAGEMENT_TARGET.test(route) || MANAGEMENT_PATH.test(route) || SIGN_IN_PATH.test(route);
  }
}

const MANAGEMENT_PATH = /^\/(?:List-Available-Models|List-Available-Profiles|Get-Usage-Limits)$/;
const MANAGEMENT_TARGET =
  /^(?:KiroControlPlaneBearerService|AmazonCodeWhispererService)\.(?:ListAvailableModels|ListAvailableProfiles|GetUsageLimits|GetProfile|ListApiKeys)$/;
const ANY_CONTROL_PLANE =
  /(?:[./])(?:List-?Available-?(?:Models|Profiles)|[Gg]et-?Usage-?Limits|GetProfile|ListApiKeys)$/;
const SIGN_IN_PATH =
  /^\/(?:client|device_authorization|token|authorize|start|login|signin|oauth|refreshToken)\b|\/oauth2\//;

/** The kiro.dev hosts accept only requests from AWS's SDKs. */
export function looksAtUserAgent(host: Host | undefined): boolean {
  return host === 'runtime' || host === 'management';
}

/** Tokens of the AWS SDKs' user agent; JavaScript joins a name and its version with `#`, Rust and Java with `/`. */
const SDK_TOKENS = [/^aws-sdk-[a-z-]+\/\S+ /, / ua\/2\.\d+( |$)/, / os\/\S+( |$)/, / lang\/\S+( |$)/, / api\/\S+( |$)/];

/** `aws-sdk-js/1.0.0 ua/2.1 os/linux#6.8 lang/js md/nodejs#22.21.1 api/kiroruntime#1.0.0 m/N product/1.0`. */
export function isSdkUserAgent(userAgent: string | undefined): boolean {
  return userAgent !== undefined && SDK_TOKENS.every((token) => token.test(userAgent));
}
