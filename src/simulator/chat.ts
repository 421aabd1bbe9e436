/** GenerateAssistantResponse and SendMessage: authenticates, validates and counts a request, then replies by script or built-in model. */
import { authenticate, checkProfile } from './authentication.ts';
import type { Answer, Call } from './call.ts';
import { eventFrame } from './frames.ts';
import { modelsOf, type SimulatedAccountState } from './identities.ts';
import { answer } from './model/answer.ts';
import { limitOutput } from './output-limit.ts';
import { admitChat, spendCredits } from './plan.ts';
import { Refused } from './refusal.ts';
import { type ClosingEvents, type Piece, type ReplyContext, ReplyWriter } from './reply.ts';
import type { ChatOperation } from './rules/chat-shape.ts';
import { checkBody, checkChat } from './rules/check.ts';
import { type ChatFamily, type CheckedChat, toolResultsOf } from './rules/rule.ts';
import { checkRuntimeHeaders } from './rules/runtime-headers.ts';
import type { ClosingEvent, ScriptedReply } from './script.ts';
import type { World } from './world.ts';

export function chat(call: Call, operation: ChatOperation, world: World): Answer {
  const { settings, signatures } = world;
  const { strict } = settings;
  const number = world.nextChatNumber();
  const accountState = authenticate(call, world);
  const models = modelsOf(accountState, world.models);
  const family: ChatFamily = call.service === 'KiroRuntimeService' ? 'kiro' : 'codewhisperer';
  if (family === 'kiro') checkRuntimeHeaders(call, strict);
  const raw = { family, flavour: call.flavour, operation, bytes: call.rawBody };
  const checked = checkBody(raw, { strict, models, signatures });
  checkProfile(accountState, checked.request.profileArn, settings.requireProfileArn || call.host === 'runtime');
  checkChat(checked, strict);
  admitChat(accountState, world.now());
  if (isDryRun(checked)) return stream(call, checked, dryRun());
  const scripted = world.player.next(factsOf(checked, accountState, number, call.rawBody));
  if (scripted?.refuse) throw new Refused(scripted.refuse, 'script');
  const steps = limitOutput(scripted?.steps ?? answer(checked), checked.request.additionalModelRequestFields);
  return stream(call, checked, new ReplyWriter(contextOf(call, world, checked, accountState, scripted)).write(steps));
}

function isDryRun({ request }: CheckedChat): boolean {
  return 'dryRun' in request && request.dryRun === true;
}

function* dryRun(): Generator<Piece> {
  yield { type: 'frame', bytes: eventFrame('dryRunSucceedEvent', {}) };
}

function factsOf(
  { current, messages, model, tools }: CheckedChat,
  { account }: SimulatedAccountState,
  number: number,
  rawBody: Buffer,
) {
  return {
    number,
    account: account.id,
    model: model?.modelId ?? '',
    text: current.content,
    hasTools: tools.length > 0,
    hasToolResults: toolResultsOf(messages.at(-1)).length > 0,
    rawBody,
    tools: tools.length,
    messages: messages.length,
  };
}

function contextOf(
  call: Call,
  world: World,
  checked: CheckedChat,
  accountState: SimulatedAccountState,
  scripted: ScriptedReply | undefined,
): ReplyContext {
  const { model, inputTokens } = checked;
  // checkChat rejects every request with an unknown model.
  if (!model) throw new Error('a request without a model passed the rules');
  const { settings } = world;
  return {
    flavour: call.flavour,
    conversationId: conversationIdOf(call, checked),
    modelId: model.modelId === 'auto' ? world.routedModelId : model.modelId,
    chance: call.chance,
    signatures: world.signatures,
    fragmentChars: settings.fragmentChars,
    paceMs: scripted ? 0 : settings.paceMs,
    inputTokens,
    maxInputTokens: model.tokenLimits.maxInputTokens,
    closing: closingOf(settings.closing, scripted?.closing),
    settle: (outputTokens) => spendCredits(accountState, model, inputTokens, outputTokens, world.now()),
  };
}

function closingOf(usual: ClosingEvents, scripted: ScriptedReply['closing']): ClosingEvents {
  if (!isClosingList(scripted)) return { ...usual, ...scripted };
  const sends = (event: ClosingEvent) => scripted.includes(event);
  return {
    contextUsage: sends('contextUsage'),
    stopReason: sends('stopReason'),
    tokenUsage: sends('tokenUsage'),
    metering: sends('metering'),
  };
}

function isClosingList(scripted: ScriptedReply['closing']): scripted is readonly ClosingEvent[] {
  return Array.isArray(scripted);
}

/** Generated if the client sent none; the same throughout a call. */
function conversationIdOf(call: Call, { request }: CheckedChat): string {
  return request.conversationState.conversationId ?? call.conversationId;
}

function stream(call: Call, checked: CheckedChat, pieces: Iterable<Piece>): Answer {
  return {
    type: 'stream',
    headers: call.flavour === 'rest' ? { 'x-amzn-codewhisperer-conversation-id': conversationIdOf(call, checked) } : {},
    pieces,
  };
}
