/**
 * The service's own web search: a tool of its MCP server, called by JSON-RPC at InvokeMCP, whose answer is JSON in a
 * text. Source: InvokeMCP of the published @aws/codewhisperer-streaming-client; the Model Context Protocol (tools/list,
 * tools/call); the results as clients of the service have seen them.
 */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { WEB_SEARCH_TOOL, type WebResult } from '../../core/web-search.ts';
import type { Access, UpstreamRequest, UpstreamWebSearch } from '../upstream.ts';
import { operationRequest } from './operations.ts';

export const webSearch: UpstreamWebSearch = { encodeAvailable, decodeAvailable, encodeSearch, decodeSearch };

function encodeAvailable(access: Access): UpstreamRequest {
  return rpc('tools-list', 'tools/list', {}, access);
}

/** A list without the search, or a refusal to list, means that there is none. */
function decodeAvailable(body: string): boolean {
  const { result } = parse(body);
  const tools = isJsonObject(result) && Array.isArray(result.tools) ? result.tools : [];
  return tools.some((tool) => isJsonObject(tool) && tool.name === WEB_SEARCH_TOOL);
}

function encodeSearch(access: Access, query: string, callId: string): UpstreamRequest {
  return rpc(callId, 'tools/call', { name: WEB_SEARCH_TOOL, arguments: { query } }, access);
}

function rpc(id: string, method: string, params: JsonObject, access: Access): UpstreamRequest {
  return operationRequest('InvokeMCP', JSON.stringify({ id, jsonrpc: '2.0', method, params }), access);
}

/** Throws `upstream_broken` for anything but results. */
function decodeSearch(body: string): readonly WebResult[] {
  const { result, error } = parse(body);
  if (isJsonObject(error)) throw broken(`refused: ${typeof error.message === 'string' ? error.message : 'no reason'}`);
  const [first] = isJsonObject(result) && Array.isArray(result.content) ? result.content : [];
  const text = isJsonObject(first) && typeof first.text === 'string' ? first.text : '';
  if (isJsonObject(result) && result.isError === true) throw broken(`failed: ${text}`);
  const { results } = parse(text);
  if (!Array.isArray(results)) throw broken('answered with something else than results');
  return results.filter(isJsonObject).flatMap(toResult);
}

function toResult({ url, title, snippet, publishedDate }: JsonObject): WebResult[] {
  if (typeof url !== 'string' || !URL.canParse(url)) return [];
  return [
    {
      url,
      title: typeof title === 'string' && title !== '' ? title : url,
      snippet: typeof snippet === 'string' && snippet !== '' ? snippet : undefined,
      publishedAtMs:
        typeof publishedDate === 'number' && Math.abs(publishedDate) <= MAX_DATE ? publishedDate : undefined,
    },
  ];
}

/** Beyond it, JavaScript has no date. */
const MAX_DATE = 8.64e15;

function parse(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    // What JSON.parse returns is JSON.
    return isJsonObject(value) ? (value as JsonObject) : {};
  } catch {
    throw broken('answered with something else than JSON');
  }
}

function broken(what: string): GatewayError {
  return new GatewayError('upstream_broken', `The service's web search ${what.slice(0, 200)}.`);
}
