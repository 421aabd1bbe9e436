/** The final form of output items, as they are sent, stored and read back. */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Source } from '../../core/reply.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { WebSearchOutcome } from '../../core/web-search.ts';
import { customInput } from '../reading/arguments.ts';
import { carry } from '../reading/carrier.ts';
import { TYPED_TOOLS } from '../reading/responses-typed-tools.ts';
import type { Declared } from '../reading/tool-names.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export function textPart(text: string, annotations: readonly JsonObject[] = []): JsonObject {
  return { type: 'output_text', text, annotations, logprobs: [] };
}

export function refusalPart(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

export function messageItem(id: string, status: ItemStatus, content: readonly JsonObject[]): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content };
}

export function reasoningItem(id: string, status: ItemStatus, text: string, carrier: string | undefined): JsonObject {
  const summary = text === '' ? [] : [{ type: 'summary_text', text }];
  return { id, type: 'reasoning', status, summary, ...(carrier === undefined ? {} : { encrypted_content: carrier }) };
}

export function carryReasoning(text: string, signature: string | undefined): string {
  return carry({ type: 'reasoning', text, ...(signature === undefined ? {} : { signature }) });
}

export function compactionItem(id: string, summary: string): JsonObject {
  return { id, type: 'compaction', encrypted_content: carry({ type: 'summary', text: summary }) };
}

/** Prefix of a call's item id. */
export function callPrefix({ kind }: Declared): string {
  if (kind === 'function') return 'fc_';
  return kind === 'custom' ? 'ctc_' : TYPED_TOOLS[kind].idPrefix;
}

/** `json`: the model's complete input; undefined while it is being written. */
export function callItem(id: string, declared: Declared, callId: string, json: string | undefined): JsonObject {
  const status: ItemStatus = json === undefined ? 'in_progress' : 'completed';
  switch (declared.kind) {
    case 'function':
      return { id, type: 'function_call', status, call_id: callId, ...nameOf(declared), arguments: json ?? '' };
    case 'custom': {
      const input = json === undefined ? '' : customInput(json);
      return { id, type: 'custom_tool_call', status, call_id: callId, ...nameOf(declared), input };
    }
    case 'tool_search':
    case 'local_shell':
    case 'shell':
    case 'apply_patch': {
      const { callType, toFields } = TYPED_TOOLS[declared.kind];
      const input: unknown = JSON.parse(json ?? '{}');
      return { id, type: callType, status, call_id: callId, ...toFields(isJsonObject(input) ? input : {}) };
    }
    default:
      return unreachable(declared);
  }
}

function nameOf({ name, namespace }: { readonly name: string; readonly namespace?: string | undefined }): JsonObject {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

/** A web page as a citation. The service does not report which words it supports, so the range is empty. */
export function toAnnotation(source: Source): JsonObject | undefined {
  if (source.type !== 'web') return undefined;
  return { type: 'url_citation', url: source.url, title: source.title, start_index: 0, end_index: 0 };
}

/** The message with citations added to its last part. */
export function withAnnotations(item: JsonObject, more: readonly JsonObject[]): JsonObject {
  const content: readonly unknown[] = Array.isArray(item.content) ? item.content : [];
  const last = content.at(-1);
  if (!isJsonObject(last)) return item;
  const before = Array.isArray(last.annotations) ? last.annotations : [];
  // All are parts of a message created here.
  const parts = [...content.slice(0, -1), { ...last, annotations: [...before, ...more] }] as JsonObject[];
  return { ...item, content: parts };
}

/** Removes `encrypted_content` unless the client requested it; it is stored in any case. */
export function showItem(item: JsonObject, withEncrypted: boolean): JsonObject {
  if (withEncrypted || item.type !== 'reasoning' || !('encrypted_content' in item)) return item;
  const { encrypted_content: _, ...visible } = item;
  return visible;
}

/** A stored response as its client sees it. */
export function showResponse(response: JsonObject, withEncrypted: boolean): JsonObject {
  // Its output is a list of items created here.
  const output = (response.output ?? []) as readonly JsonObject[];
  return { ...response, output: output.map((item) => showItem(item, withEncrypted)) };
}

export function wantsEncrypted(include: readonly string[] | null | undefined): boolean {
  return include?.includes('reasoning.encrypted_content') ?? false;
}

/** A search run for the model: https://platform.openai.com/docs/guides/tools-web-search */
export function searchItem(
  id: string,
  status: 'in_progress' | 'completed' | 'failed',
  query: string,
  outcome?: WebSearchOutcome,
): JsonObject {
  const sources = outcome?.type === 'found' ? outcome.results.map(({ url }) => ({ type: 'url', url })) : [];
  return { type: 'web_search_call', id, status, action: { type: 'search', query, queries: [query], sources } };
}
