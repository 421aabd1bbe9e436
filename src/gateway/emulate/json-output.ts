/** `response_format` / `output_config.format`: the answer is JSON, and fits the schema where there is one. */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Conversation, OutputFormat } from '../../core/conversation.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { type BoundedCheck, prepareCheck } from './bounded-check.ts';
import { type Expectation, isCutShort, type Judgement, stopReasonOf, textOf, withSystemText } from './expectation.ts';
import { findJson, type JsonText } from './json-text.ts';
import type { ReplyTransform } from './transform.ts';
import { WithoutText } from './without-text.ts';

export class JsonOutput implements Expectation {
  readonly retryRule = 'json-repaired';
  readonly #format: Exclude<OutputFormat, { type: 'text' }>;
  readonly #check: BoundedCheck;

  /** `check`: of the schema, where there is one. */
  constructor(format: Exclude<OutputFormat, { type: 'text' }>, check: BoundedCheck | undefined) {
    this.#format = format;
    this.#check = check ?? ANY_OBJECT;
  }

  /** As SchemaCheck says. */
  get unchecked(): readonly string[] {
    return this.#check.unchecked;
  }

  prepare(conversation: Conversation): Conversation {
    return withSystemText(conversation, placeOf(this.#format), instruction(this.#format));
  }

  /** A turn which calls a tool is not the answer yet. */
  isSettledBy(event: ReplyEvent): boolean {
    return event.type === 'tool-use-start';
  }

  afterSettling(note: (made: Adjustment) => void): ReplyTransform {
    return new WithoutText(note);
  }

  async judge(events: readonly ReplyEvent[]): Promise<Judgement> {
    const said = textOf(events);
    const json = findJson(said);
    if (!json) {
      if (isCutShort(stopReasonOf(events))) return { type: 'fits', events };
      return this.#failure(said, ['it is not JSON alone']);
    }
    const problems = await this.#check.problems(json.value);
    if (problems.length > 0) return this.#failure(said, problems);
    const isItAlone = json.text === said && events.filter(({ type }) => type === 'text-start').length === 1;
    return { type: 'fits', events: isItAlone ? events : withText(events, json) };
  }

  #failure(said: string, problems: readonly string[]): Judgement {
    const wanted = this.#format.type === 'json' ? 'one JSON object' : 'JSON which is valid against the schema';
    const list = problems.map((problem) => `- ${problem}`).join('\n');
    return {
      type: 'fails',
      said,
      complaint:
        `This answer is not ${wanted}:\n${list}\n` +
        'Answer again, corrected: the JSON alone, without explanations and without a code fence.',
      problem: `The model's answer is not ${wanted}, also after a second try: ${problems.join('; ')}.`,
    };
  }
}

/** Compiled before anything is sent. Rejects with `invalid_request` for a schema that cannot be checked. */
export async function prepareFormat(format: OutputFormat): Promise<BoundedCheck | undefined> {
  return format.type === 'json-schema' ? prepareCheck(format.schema, placeOf(format)) : undefined;
}

const ANY_OBJECT: BoundedCheck = {
  problems: async (value) => (isJsonObject(value) ? [] : ['it is not a JSON object']),
  unchecked: [],
};

function placeOf({ at }: Exclude<OutputFormat, { type: 'text' }>): string {
  return at ?? 'response_format';
}

function instruction(format: Exclude<OutputFormat, { type: 'text' }>): string {
  const alone = 'and of nothing else: no words before or after it, no code fence. Tools may be called before it.';
  if (format.type === 'json') return `Your final answer must consist of one JSON object ${alone}`;
  const name = format.name === undefined ? '' : ` "${format.name}"`;
  return (
    `Your final answer must consist of one JSON value which is valid against this JSON Schema${name}, ${alone}\n` +
    JSON.stringify(format.schema)
  );
}

/** The JSON in place of the text in which it was found; all other blocks stay. */
function withText(events: readonly ReplyEvent[], json: JsonText): readonly ReplyEvent[] {
  const out: ReplyEvent[] = [];
  let index = -1;
  for (const event of events) {
    if (event.type.startsWith('text-')) continue;
    if (event.type === 'reply-end') out.push(...textBlock(index + 1, json.text));
    if (event.type.endsWith('-start') && 'index' in event) index++;
    if (event.type === 'redacted-reasoning') index++;
    out.push('index' in event ? { ...event, index } : event);
  }
  return out;
}

/** Characters of one delta. */
const PIECE_CHARS = 256;

function textBlock(index: number, text: string): ReplyEvent[] {
  const pieces: ReplyEvent[] = [];
  for (let from = 0; from < text.length; ) {
    const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(from + PIECE_CHARS - 1));
    const to = from + PIECE_CHARS + (splitsPair ? 1 : 0);
    pieces.push({ type: 'text-delta', index, text: TextPiece.plain(text.slice(from, to)) });
    from = to;
  }
  return [{ type: 'text-start', index }, ...pieces, { type: 'text-end', index }];
}
