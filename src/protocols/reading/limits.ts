/** Reads the length limit and the stop sequences. */
import type { OutputLimits } from '../../core/conversation.ts';
import type { JsonObject } from '../../core/json.ts';
import { refuse } from '../shape.ts';
import type { Api, Dialect, Reading } from './reading.ts';

/** A field, and the dialects it belongs to. */
type LimitField = readonly [name: string, dialects: readonly Dialect[]];

const MAX_TOKENS: LimitField = ['max_tokens', ['openai-chat', 'anthropic']];
const MAX_COMPLETION_TOKENS: LimitField = ['max_completion_tokens', ['openai-chat']];
const MAX_OUTPUT_TOKENS: LimitField = ['max_output_tokens', ['openai-responses']];

const LENGTH_ORDER: Readonly<Record<Api, readonly LimitField[]>> = {
  'openai-chat': [MAX_COMPLETION_TOKENS, MAX_TOKENS, MAX_OUTPUT_TOKENS],
  'openai-responses': [MAX_OUTPUT_TOKENS, MAX_COMPLETION_TOKENS, MAX_TOKENS],
  anthropic: [MAX_TOKENS, MAX_COMPLETION_TOKENS, MAX_OUTPUT_TOKENS],
};

export type ReadLimits = Omit<OutputLimits, 'format'>;

/** Throws for a limit that is not an integer. If there are several, the first applies and the others are noted. */
export function readLimits(request: object, reading: Reading): ReadLimits {
  const fields = request as JsonObject; // parsed from JSON
  const stop = readStop(fields, reading);
  let maxTokens: number | undefined;
  let maxTokensAt = reading.api === 'openai-responses' ? 'max_output_tokens' : 'max_tokens';
  const others: { readonly name: string; readonly value: number }[] = [];
  for (const [name, dialects] of LENGTH_ORDER[reading.api]) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    checkLength(value, name, reading.api);
    if (!dialects.includes(reading.api)) reading.spelled(dialects[0] ?? 'openai-chat', name, name);
    if (maxTokens !== undefined) others.push({ name, value });
    else [maxTokens, maxTokensAt] = [value, name];
  }
  for (const { name, value } of others)
    if (value !== maxTokens) reading.notes.add('parameter-ignored', name, String(value));
  return { maxTokens, ...(maxTokensAt === 'max_tokens' ? {} : { maxTokensAt }), ...stop };
}

function checkLength(value: unknown, at: string, api: Api): asserts value is number {
  if (typeof value !== 'number') throw refuse(at, `expected number, received ${typeof value}.`);
  // Anthropic's clients send 0 to cache a prompt without a reply.
  const minimum = api === 'anthropic' ? 0 : 1;
  if (!Number.isSafeInteger(value) || value < minimum) throw refuse(at, `expected an integer of at least ${minimum}.`);
}

/** Combines the sequences of both fields. */
function readStop(fields: JsonObject, reading: Reading): Pick<OutputLimits, 'stopSequences' | 'stopSequencesAt'> {
  if (fields.stop === undefined && fields.stop_sequences === undefined) return NO_STOP;
  const stopSequences = new Set<string>();
  let first: string | undefined;
  for (const [at, dialects] of STOP_FIELDS) {
    const value = fields[at];
    if (value === undefined || value === null) continue;
    const sequences: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!sequences.every((sequence) => typeof sequence === 'string'))
      throw refuse(at, 'expected a string or a list of strings.');
    if (!dialects.includes(reading.api)) reading.spelled(dialects[0] ?? 'openai-chat', at, at);
    const usable = sequences.filter((sequence) => sequence !== '');
    // An empty sequence would match before the first character.
    if (usable.length < sequences.length)
      reading.notes.add('empty-stop-ignored', at, String(sequences.length - usable.length));
    if (usable.length > 0) first ??= at;
    for (const sequence of usable) stopSequences.add(sequence);
    checkStopSequences(stopSequences, at);
  }
  return {
    stopSequences: [...stopSequences],
    ...(first === 'stop_sequences' ? { stopSequencesAt: 'stop_sequences' } : {}),
  };
}

/** Far more than any client sends. The gateway searches for all of them at once, which takes memory for each character. */
const MAX_STOP_CHARS = 16_384;

/** Throws for sequences that are too long together. */
export function checkStopSequences(sequences: Iterable<string>, at: string): void {
  let chars = 0;
  for (const sequence of sequences) chars += sequence.length;
  if (chars > MAX_STOP_CHARS)
    throw refuse(at, `the sequences have ${chars} characters in all; the limit of this gateway is ${MAX_STOP_CHARS}.`);
}

const NO_STOP: Pick<OutputLimits, 'stopSequences'> = { stopSequences: [] };

const STOP_FIELDS: readonly LimitField[] = [
  ['stop_sequences', ['anthropic']],
  ['stop', ['openai-chat']],
];
