/** Turns a Responses request into a conversation. Fields: fields.ts; their content: reading/. */
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Steps } from '../../core/steps.ts';
import { conversationKeys } from '../conversation-key.ts';
import { Notes } from '../notes.ts';
import { RULE_PREVIOUS } from '../openai-errors.ts';
import type { ParsedRequest, RequestContext } from '../protocol.ts';
import { kindOf } from '../reading/conversation.ts';
import { type Entries, noteEntries, readEntries } from '../reading/entries.ts';
import { noteFields, refuseOptions } from '../reading/fields.ts';
import { kindOfFields, plainFields } from '../reading/plain-fields.ts';
import { Reading } from '../reading/reading.ts';
import { readRequest } from '../reading/request.ts';
import type { ToolNames } from '../reading/tool-names.ts';
import { check, isShallow, refuse, refuseUnsupported } from '../shape.ts';
import { askForSummary } from './compaction.ts';
import { OWN_SUPPORT } from './fields.ts';
import { type Past, placePast } from './past.ts';
import type { ResponsesRequest } from './wire.ts';
import * as wire from './wire.ts';

/** What of the request the writer and the store need. */
export interface Echo {
  /** As the client sent it, with the conversation in `input`. The response repeats much of it. */
  readonly request: ResponsesRequest;
  readonly names: ToolNames;
  /** The reply is a summary of the conversation, as one `compaction` item. */
  readonly isCompaction: boolean;
}

const PLAIN_FIELDS = plainFields(wire.requestShape, OWN_SUPPORT, wire.PLAIN_VALUES);

/**
 * Throws GatewayError, blame `client`. `past`: the stored responses and items that the request refers to.
 */
export function* parseRequest(body: unknown, context: RequestContext, past?: Past): Steps<ParsedRequest<Echo>> {
  const fields = kindOfFields(body, PLAIN_FIELDS);
  const request = fields === 'unknown' ? check(wire.requestShape, body, '') : (body as ResponsesRequest); // as checked
  rejectUnsupported(request);
  if (fields !== 'plain') refuseOptions(request, OWN_SUPPORT);
  return yield* read(request, context, past, readEntries(request, 'openai-responses'));
}

/** `POST /v1/responses/compact` */
export function* parseCompact(body: unknown, context: RequestContext, past?: Past): Steps<ParsedRequest<Echo>> {
  const { model, input, instructions, previous_response_id, prompt_cache_key } = check(wire.compactShape, body, '');
  const request = { model, input, instructions, previous_response_id, prompt_cache_key };
  const { at, entries } = readEntries(request, 'openai-responses');
  const trigger = { entry: { type: 'compaction_trigger' }, at: `input[${entries.length}]` };
  return yield* read(request, context, past, { at, entries: [...entries, trigger] });
}

function* read(
  request: ResponsesRequest,
  context: RequestContext,
  past: Past | undefined,
  own: Entries,
): Steps<ParsedRequest<Echo>> {
  const notes = new Notes();
  const reading = new Reading('openai-responses', notes);
  noteEntries(request, own, reading);
  noteOptions(request, notes);
  const entries = { at: own.at, entries: placeEntries(request, own, past) };
  const conversation: Conversation = {
    model: request.model,
    ...(yield* readRequest(request, entries, reading)).conversation,
    ...conversationKeys(request, context),
  };
  const last = entries.entries.at(-1);
  const isCompaction = last !== undefined && kindOf(last.entry) === 'compaction_trigger';
  if (isCompaction) notes.add('compaction-emulated', last.at);
  const echoed = {
    ...request,
    ...withoutDeepFields(request),
    ...(own.at === 'input' ? {} : { input: own.entries.map(({ entry }) => entry) }),
    // Serialized with every event; tools that are nested too deep are not offered either.
    ...(request.tools ? { tools: request.tools.filter((tool) => isShallow(tool)) } : {}),
  };
  return {
    conversation: isCompaction ? askForSummary(conversation, last.at) : conversation,
    stream: request.stream ?? false,
    adjustments: notes.adjustments,
    createdAtS: Math.floor(context.nowMs / 1000),
    echo: { request: echoed, names: reading.names, isCompaction },
  };
}

/** The response repeats these fields, and serializing fails beyond the stack depth. */
function withoutDeepFields(request: ResponsesRequest): Readonly<Record<string, undefined>> {
  const deep = Object.entries(request).filter(
    ([field, value]) => field !== 'input' && field !== 'messages' && field !== 'tools' && !isShallow(value),
  );
  return Object.fromEntries(deep.map(([field]) => [field, undefined]));
}

/** Rejects unsupported options that would change the meaning of the reply. */
function rejectUnsupported({ conversation, prompt, top_logprobs: topLogprobs, ...request }: ResponsesRequest): void {
  if (conversation) throw refuseUnsupported('conversation', 'conversations are not stored here; send the items.');
  if (prompt) throw refuseUnsupported('prompt', 'prompts are not stored here; send the text in instructions.');
  if (topLogprobs) throw refuseUnsupported('top_logprobs', 'the service does not report token probabilities.');
  if (request.background && request.store === false)
    throw refuse('background', 'needs the response to be stored; leave store out, or set it to true.');
}

function placeEntries(request: ResponsesRequest, { at, entries }: Entries, past: Past | undefined) {
  const { previous_response_id: previous } = request;
  if (previous && !past?.hasPrevious) throw previousNotFound(previous);
  const placed = placePast(entries, past);
  if (placed.length === 0 && !request.instructions) throw refuse(at, 'must contain a turn to answer.');
  return placed;
}

function previousNotFound(id: string) {
  const message = `Previous response with id '${id.slice(0, 100)}' not found.`;
  return new GatewayError('invalid_request', message, { param: 'previous_response_id', rule: RULE_PREVIOUS });
}

function noteOptions(request: ResponsesRequest, notes: Notes): void {
  noteFields(request, OWN_SUPPORT, notes);
  for (const [i, name] of (request.include ?? []).entries())
    if (name === 'message.output_text.logprobs') notes.add('parameter-ignored', `include[${i}]`);
}
