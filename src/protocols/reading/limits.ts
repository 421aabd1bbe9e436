/** How long the reply may be, and where it ends. */
import type { OutputLimits } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { refuse } from '../shape.ts';
import type { Dialect, Door, Reading } from './reading.ts';

type LengthField = readonly [name: string, dialects: readonly Dialect[]];

const MAX_TOKENS: LengthField = ['max_tokens', ['openai-chat', 'anthropic']];
const MAX_COMPLETION_TOKENS: LengthField = ['max_completion_tokens', ['openai-chat']];
const MAX_OUTPUT_TOKENS: LengthField = ['max_output_tokens', ['openai-responses']];

const LENGTH_ORDER: Readonly<Record<Door, readonly LengthField[]>> = {
  'openai-chat': [MAX_COMPLETION_TOKENS, MAX_TOKENS, MAX_OUTPUT_TOKENS],
  'openai-responses': [MAX_OUTPUT_TOKENS, MAX_COMPLETION_TOKENS, MAX_TOKENS],
  anthropic: [MAX_TOKENS, MAX_COMPLETION_TOKENS, MAX_OUTPUT_TOKENS],
};

export type ReadLimits = Omit<OutputLimits, 'format'>;

/** Throws for a limit that is not a whole number. */
export function readLimits(request: object, reading: Reading): ReadLimits {
  const fields = request as JsonObject; // parsed from JSON
  const stop = readStop(fields, reading);
  for (const [name, dialects] of LENGTH_ORDER[reading.door]) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    checkLength(value, name, reading.door);
    if (!dialects.includes(reading.door)) reading.spelled(dialects[0] ?? 'openai-chat', name, name);
    return { maxTokens: value, ...(name === 'max_tokens' ? {} : { maxTokensAt: name }), ...stop };
  }
  return { maxTokens: undefined, ...(reading.door === 'openai-responses' ? OWN_LIMIT : {}), ...stop };
}

const OWN_LIMIT = { maxTokensAt: 'max_output_tokens' };

function checkLength(value: unknown, at: string, door: Door): asserts value is number {
  if (typeof value !== 'number') throw refuse(at, `expected number, received ${typeof value}.`);
  // Anthropic's clients send 0 to have a prompt cached and nothing answered.
  const least = door === 'anthropic' ? 0 : 1;
  if (!Number.isSafeInteger(value) || value < least) throw refuse(at, `expected an integer of at least ${least}.`);
}

function readStop(fields: JsonObject, reading: Reading): Pick<OutputLimits, 'stopSequences' | 'stopSequencesAt'> {
  const names =
    reading.door === 'anthropic' ? (['stop_sequences', 'stop'] as const) : (['stop', 'stop_sequences'] as const);
  const at = names.find((name) => fields[name] !== undefined && fields[name] !== null);
  if (at === undefined) return { stopSequences: [] };
  const value = fields[at];
  const sequences: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (isJsonObject(value) || !sequences.every((sequence) => typeof sequence === 'string'))
    throw refuse(at, 'expected a string or a list of strings.');
  if (reading.door !== 'anthropic' && at === 'stop_sequences') reading.spelled('anthropic', at, at);
  if (reading.door !== 'openai-chat' && at === 'stop') reading.spelled('openai-chat', at, at);
  const stopSequences = sequences.filter((sequence) => sequence !== '');
  // An empty one would match before the first character.
  if (stopSequences.length < sequences.length)
    reading.notes.add('empty-stop-ignored', at, String(sequences.length - stopSequences.length));
  return { stopSequences, ...(at === 'stop_sequences' && stopSequences.length > 0 ? { stopSequencesAt: at } : {}) };
}
