/** The service's own tools over JSON-RPC: a web search whose results depend on the query alone. */
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { authenticate, checkOptionalProfile } from './authentication.ts';
import { type Answer, type Call, headerOf, json, membersOf, textOf } from './call.ts';
import { Chance } from './chance.ts';
import { IMPROPERLY_FORMED, Refused } from './refusal.ts';
import type { World } from './world.ts';

export function invokeMcp(call: Call, world: World): Answer {
  const standing = authenticate(call, world);
  checkOptionalProfile(standing, headerOf(call, 'x-amzn-kiro-profile-arn'));
  const { id, method, jsonrpc, params } = membersOf(call);
  if (id === undefined || jsonrpc !== '2.0' || typeof method !== 'string')
    throw new Refused(IMPROPERLY_FORMED, 'mcp-request');
  const outcome = respond(method, isJsonObject(params) ? params : {}, world);
  return json({ id, jsonrpc, ...outcome });
}

const SEARCH_TOOL: JsonObject = {
  name: 'web_search',
  description: 'Searches the web.',
  inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
};

function respond(method: string, params: JsonObject, world: World): JsonObject {
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
