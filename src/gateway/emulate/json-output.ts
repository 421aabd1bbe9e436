/** `response_format` / `output_config.format`: the answer must be JSON and match the schema, if there is one. */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Conversation, OutputFormat } from '../../core/conversation.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import type { BoundedCheck } from './bounded-check.ts';
import { type Evaluation, type Expectation, isCutShort, stopReasonOf, textOf, withSystemText } from './expectation.ts';
import { findJson, type JsonText } from './json-text.ts';
import type { ReplyTransform } from './transform.ts';
import { WithoutText, wordsDropped } from './without-text.ts';

export class JsonOutput implements Expectation {
  readonly retryRule = 'json-repaired';
  readonly #format: Exclude<OutputFormat, { type: 'text' }>;
  readonly #check: BoundedCheck;

  /** `check`: the check of the format's schema; undefined: any JSON object will do. */
  constructor(format: Exclude<OutputFormat, { type: 'text' }>, check: BoundedCheck | undefined) {
    this.#format = format;
    this.#check = check ?? ANY_OBJECT;
  }

  /** Like `SchemaCheck.unchecked`. */
  get unchecked(): readonly string[] {
    return this.#check.unchecked;
  }

  prepare(conversation: Conversation): Conversation {
    return withSystemText(conversation, placeOf(this.#format), instruction(this.#format));
  }

  /** A turn that calls a tool is not the final answer. */
  isSettledBy(event: ReplyEvent): boolean {
    return event.type === 'tool-use-start';
  }

  afterSettling(record: (adjustment: Adjustment) => void): ReplyTransform {
    return new WithoutText(record);
  }

  /** Models announce their web searches: only what follows the last one is the final answer. */
  async evaluate(events: readonly ReplyEvent[]): Promise<Evaluation> {
    const start = events.findLastIndex(({ type }) => type === 'web-search-end') + 1;
    const answer = textOf(events.slice(start));
    const json = findJson(answer);
    if (!json) {
      if (isCutShort(stopReasonOf(events))) return { type: 'fits', events };
      return this.#failure(answer, ['it is not JSON alone']);
    }
    const problems = await this.#check.problems(json.value);
    if (problems.length > 0) return this.#failure(answer, problems);
    const isOnlyJson = json.text === answer && events.filter(({ type }) => type === 'text-start').length === 1;
    if (isOnlyJson) return { type: 'fits', events };
    const before = textOf(events.slice(0, start)).trim().length;
    const adjustments = before === 0 ? [] : [wordsDropped(before)];
    return { type: 'fits', events: withText(events, json), adjustments };
  }

  #failure(answer: string, problems: readonly string[]): Evaluation {
    const wanted = this.#format.type === 'json' ? 'one JSON object' : 'JSON that is valid against the schema';
    const list = problems.map((problem) => `- ${problem}`).join('\n');
    return {
      type: 'fails',
      answer,
      complaint:
        `This answer is not ${wanted}:\n${list}\n` +
        'Answer again, corrected: the JSON alone, without explanations and without a code fence.',
      problem: `The model's answer is not ${wanted}, even on a second attempt: ${problems.join('; ')}.`,
    };
  }
}

/** Compiles the schema before anything is sent. Rejects with `invalid_request` if it cannot be checked. */
export async function prepareFormat(format: OutputFormat): Promise<BoundedCheck | undefined> {
  if (format.type !== 'json-schema') return undefined;
  // Loads Ajv, which most gateways never need.
  const { prepareCheck } = await import('./bounded-check.ts');
  return prepareCheck(format.schema, placeOf(format));
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
    `Your final answer must consist of one JSON value that is valid against this JSON Schema${name}, ${alone}\n` +
    JSON.stringify(format.schema)
  );
}

/** Replaces the text with the JSON found in it; all other blocks stay. */
function withText(events: readonly ReplyEvent[], json: JsonText): readonly ReplyEvent[] {
  const out: ReplyEvent[] = [];
  for (const event of events) {
    if (event.type.startsWith('text-')) continue;
    if (event.type === 'reply-end') out.push(...textBlock(json.text));
    out.push(event);
  }
  return out;
}

/** Characters per text delta. */
const PIECE_CHARS = 256;

function textBlock(text: string): ReplyEvent[] {
  const pieces: ReplyEvent[] = [];
  for (let from = 0; from < text.length; ) {
    const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(from + PIECE_CHARS - 1));
    const to = from + PIECE_CHARS + (splitsPair ? 1 : 0);
    pieces.push({ type: 'text-delta', text: TextPiece.plain(text.slice(from, to)) });
    from = to;
  }
  return [{ type: 'text-start' }, ...pieces, { type: 'text-end' }];
}
