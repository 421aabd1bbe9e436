/**
 * The service's own web search: a tool of its MCP server, called by JSON-RPC through InvokeMCP, whose result is JSON
 * inside a text. Official clients call the tool directly, without `initialize` or `tools/list`. InvokeMCP has several
 * forms; the wire profile lists them in the order to try.
 * Source: InvokeMCP of the published @aws/codewhisperer-streaming-client; the Model Context Protocol (tools/call); the
 * results as clients of the service have seen them.
 */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../core/json.ts';
import { publicationTime, WEB_SEARCH_TOOL, type WebResult } from '../../core/web-search.ts';
import type { Access, Invocation, UpstreamRequest, UpstreamWebSearch, WebSearchCall } from '../upstream.ts';
import { profileArnOn, requestOf } from './operations.ts';
import { type McpForm, SHIPPED_PROFILES, type WireProfiles } from './profiles.ts';

export function createWebSearch(profiles: WireProfiles): UpstreamWebSearch {
  return {
    forms: (access) => formsOf(access, profiles).length,
    fitQuery: (access, query) => cut(query, profiles.of(access).limits.searchQueryChars),
    encodeSearch: (access, call, invocation) => encodeSearch(access, call, invocation, profiles),
    decodeSearch,
  };
}

export const webSearch: UpstreamWebSearch = createWebSearch(SHIPPED_PROFILES);

function formsOf(access: Access, profiles: WireProfiles): readonly McpForm[] {
  const { kind } = access;
  const forms = profiles.of(access).operations.InvokeMCP ?? [];
  return forms.filter(({ exceptFor = [] }) => !exceptFor.some((excepted) => excepted === kind));
}

function encodeSearch(
  access: Access,
  { query, callId, form: index }: WebSearchCall,
  invocation: Invocation,
  profiles: WireProfiles,
): UpstreamRequest {
  const form = formsOf(access, profiles)[index];
  if (!form) throw new GatewayError('feature_not_supported', 'Web search is not available for this kind of account.');
  const profile = profiles.of(access);
  const profileArn = profileArnOn(profile, form, access);
  const params = { name: WEB_SEARCH_TOOL, arguments: { query } };
  const body = {
    id: callId,
    jsonrpc: '2.0',
    method: 'tools/call',
    params,
    ...(form.profileArnInBody && profileArn !== undefined ? { profileArn } : {}),
  };
  const named = profileArn === undefined ? access : { ...access, profileArn };
  return requestOf(profile, form, JSON.stringify(body), named, { profiles, invocation });
}

/** Never cuts inside a surrogate pair. */
function cut(query: string, maxChars: number): string {
  if (query.length <= maxChars) return query;
  return query
    .slice(0, maxChars)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd();
}

/** Throws `upstream_broken` for anything but results. An empty list is valid: the search found nothing. */
function decodeSearch(body: string): readonly WebResult[] {
  const { result, error } = parse(body);
  if (isJsonObject(error)) throw refused(error);
  const content = isJsonObject(result) && Array.isArray(result.content) ? result.content : [];
  const text = content.flatMap(textOf)[0] ?? '';
  if (isJsonObject(result) && result.isError === true) throw broken(`failed: ${text}`);
  const { results } = parse(text);
  if (!Array.isArray(results)) throw broken('returned no list of results');
  const webResults = results.filter(isJsonObject).flatMap(toResult);
  if (results.length > 0 && webResults.length === 0) throw broken('returned results without addresses');
  return webResults;
}

/** JSON-RPC 2.0: unknown method or invalid params, which can only mean the tool's name. */
const UNKNOWN_TOOL: readonly unknown[] = [-32601, -32602];

function refused({ code, message }: JsonObject): GatewayError {
  if (UNKNOWN_TOOL.includes(code))
    return new GatewayError('feature_not_supported', 'The service does not offer web search to this account.');
  return broken(`was refused: ${typeof message === 'string' ? message : 'no reason'}`);
}

function textOf(part: JsonValue): string[] {
  return isJsonObject(part) && typeof part.text === 'string' ? [part.text] : [];
}

function toResult({ url, title, snippet, publishedDate }: JsonObject): WebResult[] {
  if (typeof url !== 'string' || !URL.canParse(url)) return [];
  return [
    {
      url,
      title: typeof title === 'string' && title !== '' ? title : url,
      snippet: typeof snippet === 'string' && snippet !== '' ? snippet : undefined,
      publishedAtMs: publicationTime(publishedDate),
    },
  ];
}

function parse(text: string): JsonObject {
  const value = parseJsonObject(text);
  if (!value) throw broken('returned something other than a JSON object');
  return value;
}

function broken(what: string): GatewayError {
  return new GatewayError('upstream_broken', `The service's web search ${what.slice(0, 200)}.`);
}
