/** Reads a completions request: code at the cursor, or a prompt that is answered as a chat. */
import type { CodeCompletion } from '../../core/code-completion.ts';
import type { Conversation } from '../../core/conversation.ts';
import type { Steps } from '../../core/steps.ts';
import { conversationKeys } from '../conversation-key.ts';
import { Notes } from '../notes.ts';
import { readChoices } from '../openai-choices.ts';
import { RULE_VALUE } from '../openai-errors.ts';
import type { AnswerableRequest, ParsedCompletion, ParsedRequest, RequestContext } from '../protocol.ts';
import { readInstructions } from '../reading/instructions.ts';
import { checkStopSequences } from '../reading/limits.ts';
import { readOutputFormat } from '../reading/output-format.ts';
import { Reading } from '../reading/reading.ts';
import { readReasoningOptions } from '../reading/reasoning-options.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import { type CodePrompt, readFence, readFiles, readMarkers } from './code-prompt.ts';
import { supportOf } from './fields.ts';
import type { CompletionsRequest } from './wire.ts';
import * as wire from './wire.ts';

/** What of the request the writer needs. */
export interface Echo {
  /** As the client sent it; replies repeat it. */
  readonly model: string;
  readonly includeUsage: boolean;
  /** The prompt, if the reply must repeat it; otherwise empty. */
  readonly prompt: string;
  /**
   * `fim`: the text is also in the fields of a chat. `infill`: it is also at the top level, as in llama.cpp's server.
   */
  readonly form: 'text' | 'fim' | 'infill';
}

/** The model in replies to requests without one: the service has one model for code completion. */
const NO_MODEL = 'inline-completion';

/** The number of completions in one upstream response; more would need further requests. */
const MAX_CODE_CHOICES = 10;

/**
 * Code at the cursor where the body says where that is, else a prompt as a chat. Throws GatewayError, blame `client`.
 */
export function* parseRequest(
  body: unknown,
  context: RequestContext,
): Steps<ParsedRequest<Echo> | ParsedCompletion<Echo>> {
  const request = check(wire.requestShape, body, '');
  yield;
  const code = readCode(request);
  return code ? toCompletion(request, code, context, isInfill(request) ? 'infill' : 'text') : toChat(request, context);
}

/** For routes where every request is about code. */
export function* parseFim(body: unknown, context: RequestContext): Steps<ParsedCompletion<Echo>> {
  const request = check(wire.requestShape, body, '');
  yield;
  const code = readCode(request) ?? plainCode(readPrompt(request), '', undefined);
  if (code === undefined) throw refuse('prompt', 'a required field is missing.');
  return toCompletion(request, code, context, isInfill(request) ? 'infill' : 'fim');
}

function toChat(request: CompletionsRequest, context: RequestContext): ParsedRequest<Echo> {
  const { model } = request;
  if (model === null || model === undefined) throw refuse('model', 'a required field is missing.');
  refuseTools(request);
  const notes = new Notes();
  const prompt = readPrompt(request);
  if (prompt === undefined || prompt === '') throw refuse('prompt', 'must not be empty.');
  const choices = readChoices(request.n, notes);
  // Options of a prompt answered as a chat have the names of Chat Completions.
  const reading = new Reading('openai-chat', notes);
  const conversation: Conversation = {
    model,
    system: readInstructions(request, reading),
    turns: [{ at: 'prompt', role: 'user', parts: [{ type: 'text', at: 'prompt', text: prompt }] }],
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolUse: true,
    reasoning: readReasoningOptions(request, reading),
    output: { ...readLimits(request, notes), format: readOutputFormat(request, reading) },
    ...conversationKeys(request, context),
  };
  const answerable = readAnswerable(request, notes, context, 'text');
  return { ...answerable, conversation, ...(choices > 1 ? { choices } : {}) };
}

/** Replies of this API cannot contain calls. */
function refuseTools(request: CompletionsRequest): void {
  for (const field of ['tools', 'functions'] as const) {
    const value: unknown = request[field];
    if (Array.isArray(value) && value.length > 0)
      throw refuseUnsupported(field, 'completions cannot call tools; send the request to /v1/chat/completions.');
  }
}

interface Code extends CodePrompt {
  readonly language: string | undefined;
  readonly at: CodeCompletion['at'];
}

function isInfill({ input_prefix: prefix, input_suffix: suffix }: CompletionsRequest): boolean {
  return typeof prefix === 'string' || typeof suffix === 'string';
}

function readCode(request: CompletionsRequest): Code | undefined {
  const { segments, suffix, input_prefix: inputPrefix, input_suffix: inputSuffix } = request;
  if (segments) {
    const at = { prefix: 'segments.prefix', suffix: 'segments.suffix' };
    const code = plainCode(segments.prefix, segments.suffix ?? '', at);
    return code && { ...code, fileName: segments.filepath ?? code.fileName };
  }
  const prompt = readPrompt(request);
  if (isInfill(request)) {
    const related = (request.input_extra ?? []).flatMap(({ filename, text }) =>
      filename && text ? [{ fileName: filename, text }] : [],
    );
    const at = { prefix: 'input_prefix', suffix: 'input_suffix' };
    // The prompt is the text before the cursor in its line.
    const code = plainCode((inputPrefix ?? '') + (prompt ?? ''), inputSuffix ?? '', at);
    return code && { ...code, related };
  }
  if (typeof suffix === 'string') return plainCode(prompt ?? '', suffix, undefined);
  const marked = prompt === undefined ? undefined : readMarkers(prompt);
  return marked && { ...marked, language: undefined, at: { prefix: 'prompt', suffix: 'prompt' } };
}

function plainCode(prefix: string | undefined, suffix: string, at: CodeCompletion['at'] | undefined): Code | undefined {
  if (prefix === undefined) return undefined;
  const files = readFiles(prefix);
  const fence = readFence(files.code);
  const isFenced = fence.code !== files.code;
  return {
    prefix: fence.code,
    suffix: isFenced ? suffix.replace(/\n`{3,}\s*$/, '\n') : suffix,
    language: fence.language,
    fileName: fence.fileName ?? files.fileName,
    related: files.related,
    at: at ?? { prefix: 'prompt', suffix: 'suffix' },
  };
}

function toCompletion(
  request: CompletionsRequest,
  code: Code,
  context: RequestContext,
  form: Echo['form'],
): ParsedCompletion<Echo> {
  const notes = new Notes();
  const named = request.filename ?? request.file_name ?? request.file_path ?? request.filepath ?? request.path;
  const completion: CodeCompletion = {
    model: request.model ?? NO_MODEL,
    ...code,
    fileName: named || code.fileName,
    language: request.language || code.language,
    choices: readCodeChoices(request),
    limits: readLimits(request, notes),
  };
  return { ...readAnswerable(request, notes, context, form), completion };
}

function readCodeChoices({ n }: CompletionsRequest): number {
  const choices = n ?? 1;
  if (choices <= MAX_CODE_CHOICES) return choices;
  throw refuseUnsupported('n', `must be at most ${MAX_CODE_CHOICES} for code completions.`, RULE_VALUE);
}

/** Undefined where there is none. */
function readPrompt({ prompt }: CompletionsRequest): string | undefined {
  if (prompt === undefined || prompt === null) return undefined;
  if (typeof prompt === 'string') return prompt;
  if (!Array.isArray(prompt)) throw refuse('prompt', 'expected a string.');
  const [first, ...more] = prompt as readonly unknown[]; // isArray says any[]
  if (typeof first === 'number' || Array.isArray(first))
    throw refuseUnsupported('prompt', 'token arrays are not supported; send text.', RULE_VALUE);
  if (more.length > 0) throw refuseUnsupported('prompt', 'only one prompt per request is supported.', RULE_VALUE);
  if (typeof first !== 'string') throw refuse('prompt', 'expected a string.');
  return first;
}

/** The first of several lengths applies; the stop sequences of both fields are combined. */
function readLimits(request: CompletionsRequest, notes: Notes): CodeCompletion['limits'] {
  const [at = 'max_tokens', ...others] = LENGTH_FIELDS.filter((field) => typeof request[field] === 'number');
  for (const other of others)
    if (request[other] !== request[at]) notes.add('parameter-ignored', other, String(request[other]));
  const limit = request[at] ?? undefined;
  // llama.cpp's clients send -1 for no limit.
  const maxTokens = limit !== undefined && limit >= 0 ? limit : undefined;
  const stops = STOP_FIELDS.map((field) => ({ field, sequences: sequencesIn(request[field]) }));
  for (const { field, sequences } of stops) {
    const empty = sequences.filter((sequence) => sequence === '').length;
    if (empty > 0) notes.add('empty-stop-ignored', field, String(empty));
  }
  const usable = stops.flatMap(({ sequences }) => sequences).filter((sequence) => sequence !== '');
  const first = stops.find(({ sequences }) => sequences.some((sequence) => sequence !== ''));
  const stopSequences = [...new Set(usable)];
  checkStopSequences(stopSequences, first?.field ?? 'stop');
  return {
    maxTokens,
    stopSequences,
    ...(at === 'max_tokens' || maxTokens === undefined ? {} : { maxTokensAt: at }),
    ...(first?.field === 'stop_sequences' ? { stopSequencesAt: first.field } : {}),
  };
}

/** The fields of this API, of the other APIs, and of llama.cpp. */
const LENGTH_FIELDS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'n_predict'] as const;
const STOP_FIELDS = ['stop', 'stop_sequences'] as const;

function sequencesIn(stop: string | readonly string[] | null | undefined): readonly string[] {
  return typeof stop === 'string' ? [stop] : (stop ?? []);
}

function readAnswerable(
  request: CompletionsRequest,
  notes: Notes,
  { nowMs }: RequestContext,
  form: Echo['form'],
): AnswerableRequest<Echo> {
  rejectUnsupported(request);
  noteFields(request, notes);
  const echo: Echo = {
    model: request.model ?? NO_MODEL,
    includeUsage: request.stream_options?.include_usage ?? false,
    prompt: request.echo ? (readPrompt(request) ?? '') : '',
    form,
  };
  return {
    stream: request.stream ?? false,
    adjustments: notes.adjustments,
    createdAtS: Math.floor(nowMs / 1000),
    echo,
  };
}

function rejectUnsupported({ logprobs, best_of: bestOf, n }: CompletionsRequest): void {
  if (logprobs) throw refuseUnsupported('logprobs', 'the service does not report token probabilities.');
  if (bestOf && bestOf > (n ?? 1))
    throw refuseUnsupported(
      'best_of',
      'must not be more than n, because completions are not compared here.',
      RULE_VALUE,
    );
}

function noteFields(request: CompletionsRequest, notes: Notes): void {
  const known = new Set<string>();
  for (const [field, value] of Object.entries(request)) {
    const support = supportOf(field);
    if (support !== undefined) known.add(field);
    if (support === 'noted' && value !== null && value !== undefined && value !== false)
      notes.add('parameter-ignored', field, typeof value === 'number' ? String(value) : undefined);
  }
  notes.addUnknown(request, known, 'request', '');
  notes.addUnknown(request.stream_options ?? {}, STREAM_OPTIONS, 'stream_options', 'stream_options');
}

const STREAM_OPTIONS = new Set(['include_usage', 'include_obfuscation']);
