/** A Messages request to a conversation. Fields: fields.ts; blocks: blocks.ts; tools: tools.ts. */
import {
  type Conversation,
  isReasoningEffort,
  type OutputFormat,
  type Reasoning,
  type ReasoningEffort,
  type SystemPart,
} from '../../core/conversation.ts';
import { reasoningOfName } from '../../core/model-name.ts';
import { Notes } from '../notes.ts';
import type { ParsedRequest, RequestContext } from '../protocol.ts';
import { readableText } from '../readable.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import { cachePoint, type Findings } from './blocks.ts';
import { conversationKey } from './conversation-key.ts';
import { threadsUnsupported } from './errors.ts';
import { fateOf } from './fields.ts';
import { ToolChanges } from './tool-changes.ts';
import { readTools } from './tools.ts';
import { markLastBlock, readTurns } from './turns.ts';
import type { MessagesRequest } from './wire.ts';
import * as wire from './wire.ts';

/** What of the request the writer needs. */
export interface Echo {
  /** As the client wrote it; replies say it again. */
  readonly model: string;
  /** How much of the model's reasoning the client wants to see: none, its text, or blocks without text. */
  readonly thinking: 'hidden' | 'shown' | 'omitted';
}

/** Throws GatewayError, blame `client`. */
export function parseRequest(body: unknown, context: RequestContext): ParsedRequest {
  const request = check(wire.requestShape, body, '');
  if (request.max_tokens === undefined || request.max_tokens === null)
    throw refuse('max_tokens', 'a required field is missing.');
  return read(request, context);
}

/** The body of `/v1/messages/count_tokens`: the same without `max_tokens`. Never streamed. */
export function parseCountTokens(body: unknown, context: RequestContext): ParsedRequest {
  return { ...read(check(wire.requestShape, body, ''), context), stream: false };
}

function read(request: MessagesRequest, context: RequestContext): ParsedRequest {
  refuseUnrunnable(request);
  const findings: Findings = { notes: new Notes(), toolChanges: new ToolChanges() };
  const { notes } = findings;
  noteFields(request, notes);
  const turns = readTurns(request.messages, findings);
  const conversation: Conversation = {
    model: request.model,
    system: readSystem(request.system, notes),
    turns: cachePoint(request).cachePoint ? markLastBlock(turns) : turns,
    ...readTools(request, findings),
    reasoning: readReasoning(request, notes),
    output: {
      maxTokens: request.max_tokens ?? undefined,
      stopSequences: request.stop_sequences ?? [],
      format: readFormat(request),
      ...(request.stop_sequences?.length ? { stopSequencesAt: 'stop_sequences' } : {}),
    },
    key: conversationKey(request.metadata?.user_id, context),
  };
  return {
    conversation,
    stream: request.stream ?? false,
    adjustments: notes.adjustments,
    createdAtS: Math.floor(context.nowMs / 1000),
    echo: { model: request.model, thinking: readDisplay(request) } satisfies Echo,
  };
}

function refuseUnrunnable({ thread, container, mcp_servers: mcpServers }: MessagesRequest): void {
  if (thread !== undefined && thread !== null) throw threadsUnsupported();
  for (const [field, value] of Object.entries({ container, mcp_servers: mcpServers })) {
    const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) throw refuseUnsupported(field, 'not supported, as there is nothing here to run it.');
  }
}

function noteFields(request: MessagesRequest, notes: Notes): void {
  const known = new Set<string>();
  for (const [field, value] of Object.entries(request)) {
    const fate = fateOf(field);
    if (fate !== undefined) known.add(field);
    if (fate === 'noted' && value !== null && value !== undefined) {
      // Never what a person wrote: only a number says in short what was asked for.
      notes.add('parameter-ignored', field, typeof value === 'number' ? String(value) : undefined);
    }
  }
  notes.addUnknown(request, known, 'request', '');
  notes.addUnknown(request.output_config ?? {}, OUTPUT_KEYS, 'output_config', 'output_config');
  notes.addUnknown(request.thinking ?? {}, THINKING_KEYS, 'thinking', 'thinking');
}

const OUTPUT_KEYS = new Set(['effort', 'format']);
const THINKING_KEYS = new Set(['type', 'budget_tokens', 'display']);

/** Claude Code's first block; it changes with each request and would spoil every cached prefix. */
const BILLING_HEADER = 'x-anthropic-billing-header:';

function readSystem(system: unknown, notes: Notes): SystemPart[] {
  if (system === undefined || system === null || system === '') return [];
  if (typeof system === 'string') return [{ at: 'system', text: system, cachePoint: false }];
  if (!Array.isArray(system)) throw refuse('system', 'expected a string or a list of text blocks.');
  return system.flatMap((value: unknown, i) => readSystemBlock(value, `system[${i}]`, notes));
}

function readSystemBlock(value: unknown, at: string, notes: Notes): readonly SystemPart[] {
  const block = check(wire.anyBlock, value, at);
  const text = block.type === 'text' ? check(wire.textBlock, value, at).text : readableText(block);
  if (text?.startsWith(BILLING_HEADER)) {
    notes.add('billing-header-dropped', at);
    return [];
  }
  if (block.type === 'text') notes.addUnknown(block, TEXT_KEYS, 'system', at);
  else notes.add(text === undefined ? 'block-ignored' : 'block-as-text', at, block.type);
  return text ? [{ at, text, cachePoint: cachePoint(block).cachePoint ?? false }] : [];
}

const TEXT_KEYS = new Set(Object.keys(wire.textBlock.shape));

function readReasoning(request: MessagesRequest, notes: Notes): Reasoning {
  const { thinking } = request;
  const effort = readEffort(request, notes);
  if (thinking?.type === 'disabled') return { mode: 'off' };
  // Effort alone asks the model to try harder, not to show how: the blocks stay hidden (`Echo.thinking`).
  if (!thinking && effort === undefined) return { mode: 'unset' };
  return { mode: 'on', effort, budgetTokens: thinking?.budget_tokens ?? undefined };
}

/** The last system message which sets an effort speaks for the turn at hand. */
function readEffort({ messages, output_config }: MessagesRequest, notes: Notes): ReasoningEffort | undefined {
  const last = messages.findLastIndex((message) => message.role === 'system' && message.output_config?.effort);
  const effort = messages[last]?.output_config?.effort ?? output_config?.effort ?? undefined;
  if (effort === undefined || isReasoningEffort(effort)) return effort;
  notes.add('parameter-ignored', last < 0 ? 'output_config.effort' : `messages[${last}].output_config.effort`);
  return undefined;
}

/** Without `thinking` in the request the model's name decides: `claude-sonnet-4-5-thinking`. */
function readDisplay({ model, thinking }: MessagesRequest): Echo['thinking'] {
  if (!thinking) return reasoningOfName(model).thinking === 'on' ? 'shown' : 'hidden';
  if (thinking.type === 'disabled') return 'hidden';
  return thinking.display === 'omitted' ? 'omitted' : 'shown';
}

function readFormat({ output_config, output_format }: MessagesRequest): OutputFormat {
  const [value, at] = output_config?.format
    ? [output_config.format, 'output_config.format']
    : [output_format, 'output_format'];
  if (!value || value.type === 'text') return { type: 'text' };
  const { name, schema } = check(wire.jsonSchemaFormat, value, at);
  return { type: 'json-schema', at: `${at}.schema`, name: name ?? undefined, schema };
}
