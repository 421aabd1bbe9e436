/** Writes reply events as completion chunks: https://platform.openai.com/docs/api-reference/completions */
import type { ReplyEnd, ReplyEvent, Source } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { sseEvent } from '../../framing/sse.ts';
import { ChoicesEnding, FINISH_REASONS } from '../openai-choices.ts';
import { toWireUsage } from '../openai-usage.ts';
import type { AnswerableRequest, ReplyWriter } from '../protocol.ts';
import { toErrorBody } from './errors.ts';
import type { Echo } from './parse.ts';
import { OBJECTS, toReferences } from './reply.ts';

export function createWriter(request: AnswerableRequest<Echo>, id: string): ReplyWriter {
  return new CompletionWriter(request, id, 0, new ChoicesEnding(1));
}

export function createWriters(choices: number, request: AnswerableRequest<Echo>, id: string): readonly ReplyWriter[] {
  const ending = new ChoicesEnding(choices);
  return Array.from({ length: choices }, (_, choice) => new CompletionWriter(request, id, choice, ending));
}

class CompletionWriter implements ReplyWriter {
  readonly #echo: Echo;
  readonly #ending: ChoicesEnding;
  readonly #choice: number;
  /** The start of a chunk, up to its choices. */
  readonly #head: string;
  readonly #sources: Source[] = [];
  #ended = false;

  constructor(request: AnswerableRequest<Echo>, id: string, choice: number, ending: ChoicesEnding) {
    this.#echo = request.echo;
    this.#ending = ending;
    this.#choice = choice;
    const { model, form } = this.#echo;
    const fields = { id, object: OBJECTS[form].chunk, created: request.createdAtS, model };
    this.#head = JSON.stringify(fields).slice(0, -1);
  }

  write(event: ReplyEvent): string {
    if (this.#ended) return '';
    switch (event.type) {
      case 'reply-start':
        return this.#text(TextPiece.plain(this.#echo.prompt));
      case 'text-delta':
        return this.#text(event.text);
      case 'source':
        this.#sources.push(event.source);
        return '';
      case 'reply-end':
        return this.#end(event);
      case 'reply-error':
        this.#ended = true;
        return sseEvent(undefined, JSON.stringify(toErrorBody(event.error)));
      default:
        // Chunks of this API hold text only.
        return '';
    }
  }

  #text(text: TextPiece): string {
    return text.isEmpty ? '' : this.#chunk(text.escaped, `"logprobs":null,"finish_reason":null`, false);
  }

  /** `text` is escaped already. */
  #chunk(text: string, rest: string, isLast: boolean): string {
    const { form, includeUsage } = this.#echo;
    const top = form === 'infill' ? `,"content":"${text}","stop":${isLast}` : '';
    const delta = form === 'fim' ? `"delta":{"role":"assistant","content":"${text}"},` : '';
    const usage = includeUsage ? ',"usage":null' : '';
    return `data: ${this.#head}${top},"choices":[{${delta}"text":"${text}","index":${this.#choice},${rest}}]${usage}}\n\n`;
  }

  #end({ stopReason, usage }: ReplyEnd): string {
    this.#ended = true;
    const rest = { logprobs: null, finish_reason: FINISH_REASONS[stopReason], ...toReferences(this.#sources) };
    const last = this.#chunk('', JSON.stringify(rest).slice(1, -1), true);
    const total = this.#ending.end(usage);
    if (!total) return last;
    const figures = this.#echo.includeUsage
      ? `data: ${this.#head},"choices":[],"usage":${JSON.stringify(toWireUsage(total))}}\n\n`
      : '';
    return `${last}${figures}data: [DONE]\n\n`;
  }
}
