/** Finds the operation of a request: by path for REST, by x-amz-target for JSON 1.0 at `POST /`. */
import type { Answer, Call, Handler } from './call.ts';
import { chat } from './chat.ts';
import { generateCompletions } from './completions.ts';
import {
  getProfile,
  getUsageLimits,
  listApiKeys,
  listAvailableModels,
  listAvailableProfiles,
} from './control-plane.ts';
import {
  acceptTelemetry,
  createSubscriptionToken,
  listAvailableCustomizations,
  listFeatureEvaluations,
} from './editor-operations.ts';
import { type Host, hostOf, isServed } from './hosts.ts';
import { invokeMcp } from './mcp.ts';
import { type Flavour, Refused } from './refusal.ts';
import type { HostsSetting } from './service.ts';
import { authorize, createToken, registerClient, startDeviceAuthorization } from './sign-in/oidc.ts';
import {
  exchangeSocialCode,
  pollSocialDevice,
  portalSignIn,
  refreshExternal,
  refreshSocial,
  socialSignIn,
  startSocialDevice,
} from './sign-in/social.ts';
import { verificationPage } from './sign-in/verification-page.ts';
import type { World } from './world.ts';

type Operation = (call: Call, world: World) => Answer;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GenerateAssistantResponse: (call, world) => chat(call, 'GenerateAssistantResponse', world),
  SendMessage: (call, world) => chat(call, 'SendMessage', world),
  InvokeMCP: invokeMcp,
  ListAvailableModels: listAvailableModels,
  GetUsageLimits: getUsageLimits,
  ListAvailableProfiles: listAvailableProfiles,
  GetProfile: getProfile,
  ListApiKeys: listApiKeys,
  GenerateCompletions: generateCompletions,
  ListFeatureEvaluations: listFeatureEvaluations,
  ListAvailableCustomizations: listAvailableCustomizations,
  CreateSubscriptionToken: createSubscriptionToken,
  SendTelemetryEvent: acceptTelemetry,
  PushTelemetryEvent: acceptTelemetry,
  RegisterClient: registerClient,
  StartDeviceAuthorization: startDeviceAuthorization,
  CreateToken: createToken,
  Authorize: authorize,
  VerificationPage: verificationPage,
  SocialSignIn: socialSignIn,
  PortalSignIn: portalSignIn,
  SocialToken: exchangeSocialCode,
  SocialRefresh: refreshSocial,
  SocialDevice: startSocialDevice,
  SocialPoll: pollSocialDevice,
  ExternalToken: refreshExternal,
};

/** REST paths of the streaming and runtime services, the management host, sign-in. */
const PATHS: Readonly<Record<string, string>> = {
  'POST /generateAssistantResponse': 'GenerateAssistantResponse',
  'POST /SendMessageStreaming': 'SendMessage',
  'POST /mcp': 'InvokeMCP',
  'GET /ListAvailableModels': 'ListAvailableModels',
  'GET /getUsageLimits': 'GetUsageLimits',
  'POST /ListAvailableProfiles': 'ListAvailableProfiles',
  'POST /GetProfile': 'GetProfile',
  'POST /generatecompletions': 'GenerateCompletions',
  'POST /ListFeatureEvaluations': 'ListFeatureEvaluations',
  'POST /ListAvailableCustomizations': 'ListAvailableCustomizations',
  'POST /CreateSubscriptionToken': 'CreateSubscriptionToken',
  'POST /SendTelemetryEvent': 'SendTelemetryEvent',
  'POST /PushTelemetryEvent': 'PushTelemetryEvent',
  'POST /List-Available-Profiles': 'ListAvailableProfiles',
  'GET /List-Available-Models': 'ListAvailableModels',
  'GET /Get-Usage-Limits': 'GetUsageLimits',
  'POST /client/register': 'RegisterClient',
  'POST /device_authorization': 'StartDeviceAuthorization',
  'POST /token': 'CreateToken',
  'GET /authorize': 'Authorize',
  'GET /start': 'VerificationPage',
  'GET /login': 'SocialSignIn',
  'GET /signin': 'PortalSignIn',
  'POST /oauth/token': 'SocialToken',
  'POST /refreshToken': 'SocialRefresh',
  'POST /oauth/device/authorization': 'SocialDevice',
  'POST /oauth/device/poll': 'SocialPoll',
};

const STREAMING = ['GenerateAssistantResponse', 'SendMessage', 'InvokeMCP'];
const RUNTIME = [
  ...['ListAvailableModels', 'GetUsageLimits', 'ListAvailableProfiles', 'GetProfile', 'GenerateCompletions'],
  ...['ListFeatureEvaluations', 'ListAvailableCustomizations', 'CreateSubscriptionToken'],
  ...['SendTelemetryEvent', 'PushTelemetryEvent'],
];

const TARGETS: Readonly<Record<string, readonly string[]>> = {
  AmazonCodeWhispererStreamingService: STREAMING,
  AmazonCodeWhispererService: RUNTIME,
  /** The IAM service, which requires signed requests. */
  AmazonQDeveloperStreamingService: ['SendMessage'],
  KiroRuntimeService: ['GenerateAssistantResponse', 'InvokeMCP'],
  KiroControlPlaneBearerService: ['ListAvailableModels', 'GetUsageLimits', 'GetProfile', 'ListApiKeys'],
};

export interface Route {
  readonly flavour: Flavour;
  /** The service of a JSON 1.0 request; empty in REST. */
  readonly service: string;
  /** Undefined if unknown or not served by this host. */
  readonly operation: string | undefined;
  readonly host: Host | undefined;
}

export function findRoute(
  method: string,
  path: string,
  target: string | undefined,
  addressed: Host | undefined,
  hosts: HostsSetting,
): Route {
  const { flavour, service, operation } = findOperation(method, path, target);
  const host = hostOf(addressed, service, operation, hosts);
  const isKnown = isServed(host, flavour === 'json' ? `${service}.${operation}` : path);
  return { flavour, service, host, operation: isKnown ? operation : undefined };
}

function findOperation(method: string, path: string, target: string | undefined): Omit<Route, 'host'> {
  const byPath = PATHS[`${method} ${path}`];
  if (byPath !== undefined) return { flavour: 'rest', service: '', operation: byPath };
  if (method === 'POST' && /^\/[^/]+\/oauth2\/v2\.0\/token$/.test(path))
    return { flavour: 'rest', service: '', operation: 'ExternalToken' };
  if (method !== 'POST' || path !== '/') return { flavour: 'rest', service: '', operation: undefined };
  const [service = '', operation = ''] = target?.split('.') ?? [];
  return { flavour: 'json', service, operation: TARGETS[service]?.includes(operation) ? operation : undefined };
}

export function handlerOf(operation: string | undefined, world: World): Handler {
  const handle = operation === undefined ? undefined : OPERATIONS[operation];
  if (handle) return (call) => handle(call, world);
  return ({ path, flavour }) => {
    const status = flavour === 'rest' ? 404 : 400;
    throw new Refused({ status, name: 'UnknownOperationException' }, 'unknown-operation', path);
  };
}
