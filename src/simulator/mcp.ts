/** The service's own tools over JSON-RPC: a web search whose results depend only on the query. */
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { authenticate, checkProfile } from './authentication.ts';
import { type Answer, type Call, headerOf, json, membersOf, textOf } from './call.ts';
import { Chance } from './chance.ts';
import { isSdkUserAgent } from './hosts.ts';
import type { SimulatedAccountState } from './identities.ts';
import { accessDenied, IMPROPERLY_FORMED, Refused, validation } from './refusal.ts';
import { checkRuntimeHeaders } from './rules/runtime-headers.ts';
import type { World } from './world.ts';

export function invokeMcp(call: Call, world: World): Answer {
  const accountState = authenticate(call, world);
  if (accountState.account.kind === 'api-key')
    throw new Refused(accessDenied('User is not authorized to make this call.'), 'mcp-api-key');
  if (call.flavour === 'json') checkJsonForm(call, accountState, world);
  else checkRestForm(call, accountState, world);
  const { id, method, jsonrpc, params } = membersOf(call);
  if (id === undefined || jsonrpc !== '2.0' || typeof method !== 'string')
    throw new Refused(IMPROPERLY_FORMED, 'mcp-request');
  const outcome = respond(method, isJsonObject(params) ? params : {}, world);
  return json({ id, jsonrpc, ...outcome });
}

/** The ARN is a top-level member; the older target also requires it in the header, the newer one forbids it there. */
function checkJsonForm(call: Call, accountState: SimulatedAccountState, { service, settings }: World): void {
  if (service.webSearch === 'rest')
    throw new Refused({ status: 400, name: 'UnknownOperationException' }, 'mcp-form', 'JSON');
  const arn = textOf(membersOf(call).profileArn);
  checkProfile(accountState, arn, true);
  if (call.service === 'KiroRuntimeService') checkRuntimeHeaders(call, settings.strict);
  else if (headerOf(call, 'x-amzn-kiro-profile-arn') !== arn)
    throw new Refused(PROFILE_REQUIRED, 'mcp-profile-header', 'x-amzn-kiro-profile-arn');
}

/** If this form is no longer served, an ARN in the header is ignored. */
function checkRestForm(call: Call, accountState: SimulatedAccountState, { service }: World): void {
  const arn = headerOf(call, 'x-amzn-kiro-profile-arn');
  if (service.webSearch !== 'json') {
    if (arn !== undefined) checkProfile(accountState, arn, false);
    return;
  }
  if (service.checksUserAgent && !isSdkUserAgent(headerOf(call, 'user-agent')))
    throw new Refused(accessDenied('User is not authorized to make this call.'), 'mcp-user-agent');
  throw new Refused(PROFILE_REQUIRED, 'mcp-form', 'REST');
}

const PROFILE_REQUIRED = validation('profileArn is required for this request.');
const MAX_QUERY_CHARS = 200;

const SEARCH_TOOL: JsonObject = {
  name: 'web_search',
  description: 'Searches the web.',
  inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
};

function respond(method: string, params: JsonObject, world: World): JsonObject {
  if (!world.service.listsTools && method !== 'tools/call')
    throw new Refused(validation('Improperly formed request.'), 'mcp-tools-list', method);
  switch (method) {
    case 'initialize':
      return result({
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'dragoman simulator', version: '1' },
      });
    case 'notifications/initialized':
      return result({});
    case 'tools/list':
      return result({ tools: world.searches === false ? [] : [SEARCH_TOOL] });
    case 'tools/call':
      return callTool(params, world);
    default:
      return failure(-32601, `Method not found: ${method}`);
  }
}

function callTool({ name, arguments: given }: JsonObject, { searches, now }: World): JsonObject {
  if (name !== 'web_search' || searches === false) return failure(-32602, 'Unknown tool');
  const query = isJsonObject(given) ? textOf(given.query) : undefined;
  if (query === undefined || query === '') return failure(-32602, 'Missing query');
  if (query.length > MAX_QUERY_CHARS) return failure(-32602, `The query has more than ${MAX_QUERY_CHARS} characters`);
  const scripted = searches.find(({ when }) => query.includes(when?.query ?? ''));
  if (scripted?.refuse) throw new Refused(scripted.refuse, 'script');
  const results = scripted?.results ?? searchResults(query, now());
  const found = { results, totalResults: results.length, query, error: null };
  return result({ isError: false, content: [{ type: 'text', text: JSON.stringify(found) }] });
}

function searchResults(query: string, nowMs: number): JsonObject[] {
  const chance = new Chance(`search ${query}`);
  return [1, 2, 3].map((place) => ({
    title: `${query}: result ${place}`,
    url: `https://example.com/${encodeURIComponent(query)}/${place}`,
    snippet: `What the simulated web says about ${query}, part ${place}.`,
    publishedDate: Math.floor(nowMs / 86_400_000) * 86_400_000,
    id: chance.token(12),
    domain: 'example.com',
    maxVerbatimWordLimit: 30,
    publicDomain: false,
  }));
}

function result(value: JsonObject): JsonObject {
  return { result: value, error: null };
}

function failure(code: number, message: string): JsonObject {
  return { error: { code, message } };
}
