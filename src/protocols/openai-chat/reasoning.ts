/**
 * Reasoning is no part of OpenAI's Chat Completions, but its dialects have it. Most read `reasoning_content` (DeepSeek's
 * word). Who asks with a `reasoning` object speaks OpenRouter's: there it is `reasoning`, with `reasoning_details` which
 * carry signatures and redacted blocks and come back in the history: https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
import type { ReplyBlock } from '../../core/collect.ts';
import { isReasoningEffort, type Part, type Reasoning, type ReasoningPart } from '../../core/conversation.ts';
import type { Notes } from '../notes.ts';
import { check } from '../shape.ts';
import type { ChatRequest } from './wire.ts';
import * as wire from './wire.ts';

/** `content`: as `reasoning_content`. `details`: as `reasoning` with its details. */
export type ReasoningForm = 'content' | 'details' | 'hidden';

export function readReasoning(
  request: ChatRequest,
  notes: Notes,
): { readonly reasoning: Reasoning; readonly form: ReasoningForm } {
  const { reasoning_effort: effort, reasoning, thinking, include_reasoning: isIncluded } = request;
  const isOpenRouter = Boolean(reasoning) || typeof isIncluded === 'boolean';
  const isHidden = reasoning?.exclude === true || isIncluded === false;
  const form = isHidden ? 'hidden' : isOpenRouter ? 'details' : 'content';
  if (effort !== null && effort !== undefined) {
    return { form, reasoning: ofEffort(effort, undefined, 'reasoning_effort', notes) };
  }
  if (reasoning) return { form, reasoning: ofObject(reasoning, notes) };
  if (thinking) return { form, reasoning: ofThinking(thinking) };
  return { form, reasoning: isIncluded === true ? ON : UNSET };
}

const UNSET: Reasoning = { mode: 'unset' };
const OFF: Reasoning = { mode: 'off' };
const ON: Reasoning = { mode: 'on', effort: undefined, budgetTokens: undefined };

function ofObject({ effort, max_tokens: maxTokens, enabled }: NonNullable<ChatRequest['reasoning']>, notes: Notes) {
  if (enabled === false) return OFF;
  const budgetTokens = maxTokens ?? undefined;
  if (typeof effort === 'string') return ofEffort(effort, budgetTokens, 'reasoning.effort', notes);
  return enabled === true || budgetTokens !== undefined ? { ...ON, budgetTokens } : UNSET;
}

/** Anthropic's form, which gateways in front of many vendors pass on. */
function ofThinking({ type, budget_tokens: budget }: NonNullable<ChatRequest['thinking']>): Reasoning {
  return type === 'disabled' ? OFF : { mode: 'on', effort: undefined, budgetTokens: budget ?? undefined };
}

function ofEffort(effort: string, budgetTokens: number | undefined, at: string, notes: Notes): Reasoning {
  if (effort === 'none') return OFF;
  if (isReasoningEffort(effort)) return { mode: 'on', effort, budgetTokens };
  notes.add('parameter-ignored', at);
  return UNSET;
}

type HistoryPart = Extract<Part, { type: 'reasoning' | 'redacted-reasoning' }>;

/** Of an assistant message in the history: the most telling form which is there. */
export function readHistory(message: unknown, at: string): HistoryPart[] {
  const fields = check(wire.assistantReasoning, message, at);
  const { reasoning_details: details, thinking_blocks: blocks, reasoning_content: content, reasoning } = fields;
  if (details && details.length > 0) return ofDetails(details, `${at}.reasoning_details`);
  if (blocks && blocks.length > 0) return blocks.flatMap((block, i) => ofBlock(block, `${at}.thinking_blocks[${i}]`));
  if (content) return [{ type: 'reasoning', at: `${at}.reasoning_content`, text: content }];
  if (typeof reasoning !== 'string' || reasoning === '') return [];
  return [{ type: 'reasoning', at: `${at}.reasoning`, text: reasoning }];
}

type Fields = ReturnType<typeof wire.assistantReasoning.parse>;
type Detail = NonNullable<Fields['reasoning_details']>[number];
type Block = NonNullable<Fields['thinking_blocks']>[number];

/** Clients may send the streamed pieces as they came: those of one index belong together. */
function ofDetails(details: readonly Detail[], at: string): HistoryPart[] {
  const parts: HistoryPart[] = [];
  let open: { part: ReasoningPart; index: number | undefined } | undefined;
  for (const [i, detail] of details.entries()) {
    const { type, text, summary, signature, data } = detail;
    if (type === 'reasoning.encrypted') {
      if (data) parts.push({ type: 'redacted-reasoning', at: `${at}[${i}]`, data });
      open = undefined;
      continue;
    }
    const index = detail.index ?? undefined;
    const goesOn = open && !open.part.signature && index !== undefined && open.index === index;
    const before = goesOn && open ? open.part : { type: 'reasoning' as const, at: `${at}[${i}]`, text: '' };
    const part: ReasoningPart = {
      ...before,
      text: before.text + (text ?? summary ?? ''),
      ...(signature ? { signature } : {}),
    };
    if (goesOn) parts.pop();
    parts.push(part);
    open = { part, index };
  }
  return parts.filter((part) => part.type !== 'reasoning' || part.text !== '' || part.signature !== undefined);
}

function ofBlock({ type, thinking, signature, data }: Block, at: string): HistoryPart[] {
  if (type === 'redacted_thinking') return data ? [{ type: 'redacted-reasoning', at, data }] : [];
  return [{ type: 'reasoning', at, text: thinking ?? '', ...(signature ? { signature } : {}) }];
}

/** The fields of a whole message. */
export function toReasoningFields(blocks: readonly ReplyBlock[], form: ReasoningForm): object {
  const text = blocks.map((block) => (block.type === 'reasoning' ? block.text : '')).join('');
  switch (form) {
    case 'hidden':
      return {};
    case 'content':
      return text === '' ? {} : { reasoning_content: text };
    case 'details': {
      const details = blocks.filter(({ type }) => type === 'reasoning' || type === 'redacted-reasoning').map(toDetail);
      return details.length === 0 ? {} : { reasoning: text === '' ? null : text, reasoning_details: details };
    }
  }
}

function toDetail(block: ReplyBlock, index: number): object {
  if (block.type === 'redacted-reasoning') return encryptedDetail(block.data, index);
  const { text, signature } = block.type === 'reasoning' ? block : { text: '', signature: undefined };
  return { type: 'reasoning.text', text, ...(signature ? { signature } : {}), ...FORMAT, index };
}

/** Whose signatures these are is the service's secret. */
export const FORMAT = { format: 'unknown' } as const;

export function encryptedDetail(data: string, index: number): object {
  return { type: 'reasoning.encrypted', data, ...FORMAT, index };
}

export function signatureDetail(signature: string, index: number): object {
  return { type: 'reasoning.text', signature, ...FORMAT, index };
}
