/**
 * Content blocks to parts: one small reader for each kind we know, and text for those we do not. Block kinds:
 * https://docs.anthropic.com/en/api/messages (`ContentBlockParam`, beta included).
 */
import type { z } from 'zod';
import type { Part, TextPart, ToolResultPart, Turn } from '../../core/conversation.ts';
import { searchResultText, WEB_SEARCH_TOOL } from '../../core/web-search.ts';
import type { Notes } from '../notes.ts';
import { readableText } from '../readable.ts';
import { check, refuse } from '../shape.ts';
import { type ContentPart, readDocument, readImage, readSearchResult } from './media-blocks.ts';
import { readSignature } from './signature.ts';
import type { ToolChanges } from './tool-changes.ts';
import { readSearchOutcome } from './web-search.ts';
import * as wire from './wire.ts';

/** What reading the messages finds out besides the turns themselves. */
export interface Findings {
  readonly notes: Notes;
  readonly toolChanges: ToolChanges;
}

type BlockReader<P extends Part> = (value: unknown, at: string, findings: Findings) => readonly P[];

/** `content` as a message carries it: a string, or a list of blocks, or nothing. */
export function readTurnContent(content: unknown, role: Turn['role'], at: string, findings: Findings): Part[] {
  const readerOf = (type: string, path: string) => {
    refuseMisplaced(type, role, path);
    return TURN_BLOCKS.get(type) ?? CONTENT_BLOCKS.get(type) ?? readForeign;
  };
  return readBlocks<Part>(content, at, readerOf, findings);
}

function readResultContent(content: unknown, at: string, findings: Findings): ContentPart[] {
  return readBlocks<ContentPart>(content, at, (type) => CONTENT_BLOCKS.get(type) ?? readForeign, findings);
}

function readBlocks<P extends Part>(
  content: unknown,
  at: string,
  readerOf: (type: string, path: string) => BlockReader<P | TextPart>,
  findings: Findings,
): (P | TextPart)[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', at, text: content }];
  if (!Array.isArray(content)) throw refuse(at, 'expected a string or a list of content blocks.');
  return content.flatMap((value: unknown, i) => {
    const path = `${at}[${i}]`;
    const { type } = check(wire.anyBlock, value, path);
    return readerOf(type, path)(value, path, findings);
  });
}

/** In another role's turn these would mean something else; the vendor refuses them there too. */
const OWNERS: ReadonlyMap<string, Turn['role']> = new Map([
  ['tool_use', 'assistant'],
  ['thinking', 'assistant'],
  ['redacted_thinking', 'assistant'],
  ['tool_result', 'user'],
]);

function refuseMisplaced(type: string, role: Turn['role'], path: string): void {
  const owner = OWNERS.get(type);
  if (owner !== undefined && owner !== role) throw refuse(path, `a ${type} block belongs in ${owner} messages.`);
}

/** Checks a block against its shape, notes what the shape does not name, and hands it on typed. */
function reader<S extends z.ZodObject, P extends Part>(
  shape: S,
  toParts: (block: z.output<S>, at: string, findings: Findings) => readonly P[],
): BlockReader<P> {
  const known = new Set(Object.keys(shape.shape));
  return (value, at, findings) => {
    const block = check(shape, value, at);
    findings.notes.addUnknown(block, known, String(block.type), at);
    return toParts(block, at, findings);
  };
}

/** What may stand in a tool result as well as in a message. */
const CONTENT_BLOCKS: ReadonlyMap<string, BlockReader<ContentPart>> = new Map<string, BlockReader<ContentPart>>([
  ['text', reader(wire.textBlock, (block, at) => [{ type: 'text', at, text: block.text, ...cachePoint(block) }])],
  ['image', reader(wire.imageBlock, (block, at) => [{ ...readImage(block, at), ...cachePoint(block) }])],
  [
    'document',
    reader(wire.documentBlock, (block, at) =>
      readDocument(block, at).map((part) => ({ ...part, ...cachePoint(block) })),
    ),
  ],
  [
    'search_result',
    reader(wire.searchResultBlock, (block, at) => [{ ...readSearchResult(block, at), ...cachePoint(block) }]),
  ],
  [
    'tool_reference',
    reader(wire.toolReferenceBlock, (block, at, { toolChanges }) => {
      toolChanges.load(block.tool_name);
      return [{ type: 'text', at, text: `The tool ${block.tool_name} is loaded.`, ...cachePoint(block) }];
    }),
  ],
]);

/** What stands in messages only. */
const TURN_BLOCKS: ReadonlyMap<string, BlockReader<Part>> = new Map<string, BlockReader<Part>>([
  [
    'thinking',
    reader(wire.thinkingBlock, (block, at) => {
      const { text, signature } = readSignature(block.thinking, block.signature ?? undefined);
      return [{ type: 'reasoning', at, text, ...(signature === undefined ? {} : { signature }) }];
    }),
  ],
  [
    'redacted_thinking',
    reader(wire.redactedThinkingBlock, (block, at) => [{ type: 'redacted-reasoning', at, data: block.data }]),
  ],
  [
    'tool_use',
    reader(wire.toolUseBlock, ({ id, name, input, ...block }, at) => [
      { type: 'tool-use', at, toolUseId: id, name, input: input ?? {}, ...cachePoint(block) },
    ]),
  ],
  ['tool_result', reader(wire.toolResultBlock, readToolResult)],
  ['server_tool_use', readServerToolUse],
  ['web_search_tool_result', readSearchResults],
  [
    'compaction',
    reader(wire.compactionBlock, (block, at, findings) => {
      for (const [i, change] of (block.tool_changes ?? []).entries())
        readToolChange(change, `${at}.tool_changes[${i}]`, findings);
      return block.content ? [{ type: 'text', at, text: block.content, ...cachePoint(block) }] : [];
    }),
  ],
  ['tool_addition', readToolChange],
  ['tool_removal', readToolChange],
  ['tool_search_tool_result', readToolSearchResult],
  ['fallback', ignoreBlock],
  ['container_upload', ignoreBlock],
  ['mcp_tool_listing', ignoreBlock],
]);

/** A search which was run for the model is to the model a tool call like others. */
function readServerToolUse(value: unknown, at: string, findings: Findings): readonly Part[] {
  const { id, name, input, ...block } = check(wire.serverToolUseBlock, value, at);
  if (name !== WEB_SEARCH_TOOL) return readForeign(value, at, findings);
  return [{ type: 'tool-use', at, toolUseId: id, name, input: input ?? {}, ...cachePoint(block) }];
}

function readSearchResults(value: unknown, at: string): readonly [ToolResultPart] {
  const { tool_use_id: toolUseId, content, ...block } = check(wire.webSearchResultBlock, value, at);
  const outcome = readSearchOutcome(content);
  const text: TextPart = { type: 'text', at: `${at}.content`, text: searchResultText(outcome) };
  const isError = outcome.type === 'failed';
  return [{ type: 'tool-result', at, toolUseId, content: [text], isError, ...cachePoint(block) }];
}

function readToolResult(
  block: z.output<typeof wire.toolResultBlock>,
  at: string,
  findings: Findings,
): readonly [ToolResultPart] {
  const content = readResultContent(block.content, `${at}.content`, findings);
  const isError = block.is_error ?? false;
  return [{ type: 'tool-result', at, toolUseId: block.tool_use_id, content, isError, ...cachePoint(block) }];
}

function readToolChange(value: unknown, at: string, { notes, toolChanges }: Findings): readonly [] {
  const { type, tool } = check(wire.toolChangeBlock, value, at);
  if (type === 'tool_addition' && tool.type === 'tool_definition' && tool.definition) {
    toolChanges.define(tool.definition, `${at}.tool.definition`);
  } else if (tool.type === 'tool_reference' && tool.name) {
    if (type === 'tool_addition') toolChanges.load(tool.name);
    else toolChanges.remove(tool.name);
  } else {
    notes.add('block-ignored', at, `${type} of ${tool.type}`);
  }
  return [];
}

function readToolSearchResult(value: unknown, at: string, findings: Findings): readonly TextPart[] {
  const { content } = check(wire.toolSearchResultBlock, value, at);
  for (const { tool_name } of content?.tool_references ?? []) findings.toolChanges.load(tool_name);
  return readForeign(value, at, findings);
}

function ignoreBlock(value: unknown, at: string, { notes }: Findings): readonly [] {
  notes.add('block-ignored', at, check(wire.anyBlock, value, at).type);
  return [];
}

function readForeign(value: unknown, at: string, findings: Findings): readonly TextPart[] {
  const block = check(wire.anyBlock, value, at);
  const text = readableText(block);
  if (text === undefined) return ignoreBlock(value, at, findings);
  findings.notes.add('block-as-text', at, block.type, 'text');
  return [{ type: 'text', at, text, ...cachePoint(block) }];
}

/** Any `cache_control` but null marks the block as the end of a prefix worth caching. */
export function cachePoint(block: { readonly cache_control?: unknown }): { readonly cachePoint?: true } {
  return block.cache_control === undefined || block.cache_control === null ? {} : { cachePoint: true };
}
