/**
 * Writes a complete reply as a `text_completion`, or as the chat-shaped object that editors read from
 * `/fim/completions`.
 */
import type { Reply } from '../../core/collect.ts';
import type { Source } from '../../core/reply.ts';
import { FINISH_REASONS, usageOfAll } from '../openai-choices.ts';
import { toWireUsage } from '../openai-usage.ts';
import type { AnswerableRequest } from '../protocol.ts';
import type { Echo } from './parse.ts';

export const OBJECTS: Record<Echo['form'], { readonly whole: string; readonly chunk: string }> = {
  text: { whole: 'text_completion', chunk: 'text_completion' },
  fim: { whole: 'chat.completion', chunk: 'chat.completion.chunk' },
  infill: { whole: 'text_completion', chunk: 'text_completion' },
};

export function writeReplies(replies: readonly Reply[], request: AnswerableRequest<Echo>, id: string): unknown {
  const { echo } = request;
  const usage = usageOfAll(replies);
  const choices = replies.map((reply, index) => toChoice(reply, index, echo));
  return {
    id,
    object: OBJECTS[echo.form].whole,
    created: request.createdAtS,
    model: echo.model,
    ...(echo.form === 'infill' ? { content: choices[0]?.text ?? '', stop: true } : {}),
    choices,
    ...(usage && { usage: toWireUsage(usage) }),
  };
}

function toChoice({ blocks, sources, stopReason }: Reply, index: number, { prompt, form }: Echo) {
  const text = prompt + blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
  return {
    ...(form === 'fim' ? { message: { role: 'assistant', content: text } } : {}),
    text,
    index,
    logprobs: null,
    finish_reason: FINISH_REASONS[stopReason],
    ...toReferences(sources),
  };
}

/** Not in OpenAI's API: sources and licences of similar published code, which users of the code must know. */
export function toReferences(sources: readonly Source[]): { readonly references?: readonly object[] } {
  const references = sources.flatMap((source) => {
    if (source.type !== 'code') return [];
    const { licenseName: license, repository, url } = source;
    return [{ license: license ?? null, repository: repository ?? null, url: url ?? null }];
  });
  return references.length === 0 ? {} : { references };
}
