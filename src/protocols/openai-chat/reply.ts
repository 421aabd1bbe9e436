/** Writes a complete reply as one `chat.completion` object, and parts that the stream's last chunks share. */
import type { Reply, ReplyBlock } from '../../core/collect.ts';
import type { Source, StopReason, TextCitation } from '../../core/reply.ts';
import { FINISH_REASONS, usageOfAll } from '../openai-choices.ts';
import { SERVICE_TIER, toWireUsage } from '../openai-usage.ts';
import type { AnswerableRequest } from '../protocol.ts';
import { customInput } from '../reading/arguments.ts';
import type { Echo } from './parse.ts';
import { toReasoningFields } from './reasoning.ts';

/** Writes several replies as choices of one response. */
export function writeReplies(replies: readonly Reply[], request: AnswerableRequest<Echo>, replyId: string): unknown {
  const { echo } = request;
  const usage = usageOfAll(replies);
  return {
    id: replyId,
    object: 'chat.completion',
    created: request.createdAtS,
    model: echo.model,
    service_tier: SERVICE_TIER,
    choices: replies.map((reply, index) => toChoice(reply, index, echo)),
    ...(usage && { usage: toWireUsage(usage) }),
  };
}

function toChoice(reply: Reply, index: number, echo: Echo): object {
  const uses = reply.blocks.filter((block) => block.type === 'tool-use');
  const finish = finishReason(reply.stopReason, uses.length > 0, echo);
  return { index, message: toMessage(reply, uses, echo), logprobs: null, finish_reason: finish };
}

type ToolUse = Extract<ReplyBlock, { type: 'tool-use' }>;

function toMessage({ blocks, sources, refusal }: Reply, uses: readonly ToolUse[], echo: Echo): object {
  const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
  const citations = blocks.flatMap((block) => (block.type === 'text' ? (block.citations ?? []) : []));
  const annotations = toAnnotations(sources, citations);
  return {
    role: 'assistant',
    content: text === '' && uses.length > 0 ? null : text,
    refusal: refusal?.explanation ?? null,
    ...toReasoningFields(blocks, echo.reasoning),
    annotations,
    ...toToolCalls(uses, echo),
  };
}

function toToolCalls(uses: readonly ToolUse[], { customTools, rawTextTools, legacyFunctions }: Echo): object {
  const [first] = uses;
  if (!first) return {};
  if (legacyFunctions) return { function_call: { name: first.name, arguments: first.json } };
  return {
    tool_calls: uses.map(({ toolUseId: id, name, json }) =>
      customTools.has(name)
        ? { id, type: 'custom', custom: { name, input: customInput(json) } }
        : { id, type: 'function', function: { name, arguments: rawTextTools.has(name) ? customInput(json) : json } },
    ),
  };
}

/** Agents continue only on `tool_calls`, so it is used after a complete call, whatever else ended the reply. */
export function finishReason(stopReason: StopReason, usesTools: boolean, { legacyFunctions }: Echo): string {
  if (usesTools && stopReason !== 'refusal') return legacyFunctions ? 'function_call' : 'tool_calls';
  return FINISH_REASONS[stopReason];
}

/** The service does not report which words its own sources support, so their range is empty. */
export function toAnnotations(sources: readonly Source[], citations: readonly TextCitation[]): object[] {
  const cited = citations.map(({ citation: { url, title, start, end }, textBefore }) =>
    urlCitation(url, title, textBefore + start, textBefore + end),
  );
  return [...cited, ...sources.flatMap((one) => (one.type === 'web' ? [urlCitation(one.url, one.title, 0, 0)] : []))];
}

function urlCitation(url: string, title: string, start: number, end: number): object {
  return { type: 'url_citation', url_citation: { url, title, start_index: start, end_index: end } };
}
