/** Turns a Chat Completions request into a conversation. Fields: fields.ts; their content: reading/. */
import type { Steps } from '../../core/steps.ts';
import { conversationKeys } from '../conversation-key.ts';
import { Notes } from '../notes.ts';
import { readChoices } from '../openai-choices.ts';
import { RULE_VALUE } from '../openai-errors.ts';
import type { ParsedRequest, RequestContext } from '../protocol.ts';
import { noteEntries, readEntries } from '../reading/entries.ts';
import { noteFields, refuseOptions } from '../reading/fields.ts';
import { kindOfFields, plainFields } from '../reading/plain-fields.ts';
import { Reading } from '../reading/reading.ts';
import { readRequest } from '../reading/request.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import { OWN_SUPPORT } from './fields.ts';
import { type ReasoningForm, reasoningForm } from './reasoning.ts';
import type { ChatRequest } from './wire.ts';
import * as wire from './wire.ts';

/** What of the request the writer needs. */
export interface Echo {
  /** As the client sent it; replies repeat it. */
  readonly model: string;
  readonly includeUsage: boolean;
  /** Declared in this API's form: their calls are returned as `custom`. */
  readonly customTools: ReadonlySet<string>;
  /** Custom tools declared in Responses' form, as Cursor does: their text is returned as a function's arguments. */
  readonly rawTextTools: ReadonlySet<string>;
  readonly legacyFunctions: boolean;
  readonly reasoning: ReasoningForm;
}

const PLAIN_FIELDS = plainFields(wire.requestShape, OWN_SUPPORT, wire.PLAIN_VALUES);

/** Throws GatewayError, blame `client`. */
export function* parseRequest(body: unknown, context: RequestContext): Steps<ParsedRequest<Echo>> {
  const fields = kindOfFields(body, PLAIN_FIELDS);
  const request = fields === 'unknown' ? check(wire.requestShape, body, '') : (body as ChatRequest); // as checked
  rejectUnsupported(request);
  if (fields !== 'plain') refuseOptions(request, OWN_SUPPORT);
  const notes = new Notes();
  const choices = readChoices(request.n, notes);
  const reading = new Reading('openai-chat', notes);
  const entries = readEntries(request, reading.api);
  if (entries.entries.length === 0 && !request.instructions) throw nothingToAnswer(request);
  noteEntries(request, entries, reading);
  if (fields !== 'plain') noteFields(request, OWN_SUPPORT, notes);
  const { conversation, tools } = yield* readRequest(request, entries, reading);
  const legacyFunctions = (request.functions?.length ?? 0) > 0;
  const echo: Echo = {
    model: request.model,
    includeUsage: request.stream_options?.include_usage ?? false,
    customTools: tools.nestedCustomNames,
    rawTextTools: tools.flatCustomNames,
    legacyFunctions,
    reasoning: reasoningForm(request),
  };
  return {
    conversation: {
      model: request.model,
      ...conversation,
      // The legacy form allows one call per reply.
      parallelToolUse: conversation.parallelToolUse && !legacyFunctions,
      ...conversationKeys(request, context),
    },
    ...(choices > 1 ? { choices } : {}),
    stream: request.stream ?? false,
    adjustments: notes.adjustments,
    createdAtS: Math.floor(context.nowMs / 1000),
    echo,
  };
}

function nothingToAnswer({ messages }: ChatRequest): Error {
  return refuse('messages', messages ? 'must not be empty.' : 'a required field is missing.');
}

/** Rejects unsupported options that would change the meaning of the reply. */
function rejectUnsupported({ logprobs, top_logprobs: topLogprobs, modalities, audio }: ChatRequest): void {
  if (logprobs) throw refuseUnsupported('logprobs', 'the service does not report token probabilities.');
  if (topLogprobs) throw refuseUnsupported('top_logprobs', 'the service does not report token probabilities.');
  const audioAt = modalities?.indexOf('audio') ?? -1;
  if (audioAt >= 0) throw refuseUnsupported(`modalities[${audioAt}]`, 'audio output is not supported.', RULE_VALUE);
  if (audio !== undefined && audio !== null) throw refuseUnsupported('audio', 'audio output is not supported.');
}
