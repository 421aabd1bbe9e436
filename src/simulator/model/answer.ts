/**
 * The built-in model. It follows a plan in the user's message, calls a declared tool that fits it, uses the results,
 * and otherwise replies briefly. Equal requests always get equal replies.
 */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { ToolSpecification } from '../../upstreams/codewhisperer/wire.ts';
import type { CheckedChat } from '../rules/rule.ts';
import type { ReplyStep } from '../script.ts';
import { findFittingCall } from './fitting-tool.ts';
import { type Reading, readConversation } from './reading.ts';
import { answerSideRequest, quote } from './side-requests.ts';
import { answerInJson } from './wanted-json.ts';
import { nextTurn, type PlannedCall, parsePlan } from './written-plan.ts';

export function answer(checked: CheckedChat): readonly ReplyStep[] {
  const reading = readConversation(checked);
  const said = answerSideRequest(reading);
  return withReasoning(said === undefined ? act(reading) : [said], reading, checked);
}

function act(reading: Reading): readonly ReplyStep[] {
  const plan = parsePlan(reading.human);
  const turn = nextTurn(plan, reading.usesSince);
  if (turn) return followPlan(turn, reading, plan.length);
  const call = isFreshRequest(reading) && plan.length === 0 ? findFittingCall(reading.tools, reading.human) : undefined;
  if (call) return [`I will use ${call.name} for that.`, { tool: call.name, input: call.input }];
  const words = conclude(reading, plan.flat().length);
  return [reading.wantedJson ? answerInJson(reading.wantedJson, words) : words];
}

function isFreshRequest({ human, results }: Reading): boolean {
  return human !== '' && results.length === 0;
}

function conclude(reading: Reading, plannedSteps: number): string {
  if (plannedSteps > 0) return `All ${plannedSteps} steps of the plan are done. ${lastResult(reading)}`;
  return reading.results.length > 0 ? lastResult(reading) : smallTalk(reading);
}

function followPlan(turn: readonly PlannedCall[], { tools, usesSince }: Reading, turns: number): readonly ReplyStep[] {
  const calls: ReplyStep[] = [];
  const missing: string[] = [];
  for (const { name, input } of turn) {
    const tool = findTool(tools, name);
    if (tool) calls.push({ tool: tool.name, input });
    else missing.push(name);
  }
  if (missing.length > 0) return [`The plan cannot go on: I have no tool called ${missing.join(' or ')}.`];
  const step =
    usesSince === 0 ? `I follow the plan of ${turns} step${turns === 1 ? '' : 's'}.` : 'On to the next step.';
  return [step, ...calls];
}

/** Compares case-insensitively; a client's name with other characters may have been aliased on its way here. */
function findTool(tools: readonly ToolSpecification[], name: string): ToolSpecification | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  return (
    tools.find((tool) => tool.name.toLowerCase() === name.toLowerCase()) ??
    tools.find((tool) => plain(tool.name) === plain(name))
  );
}

function lastResult({ results, hasFailedResult }: Reading): string {
  const last = results.at(-1);
  if (last === undefined) return 'There is no result to tell of.';
  return `${hasFailedResult ? 'The tool failed and said' : 'The tool answered'}: ${quote(last, 200)}`;
}

function smallTalk({ human, attachments }: Reading): string {
  const heard = human === '' ? 'You said nothing in words' : `You wrote ${quote(human, 60)}`;
  const seen = attachments.length > 0 ? ` I see ${attachments.join(' and ')}.` : '';
  return `Hello! This is dragoman's simulator speaking, not a real model.${seen} ${heard}, and it came through: this answer is streamed back to you the same way a real one would be.`;
}

/** Requested reasoning comes first: as events for models with a schema for it, otherwise between tags. */
function withReasoning(steps: readonly ReplyStep[], reading: Reading, checked: CheckedChat): readonly ReplyStep[] {
  const thought = `The request says ${quote(reading.human, 40)}. ${reading.results.length > 0 ? 'I have a result to use.' : 'I decide what to do about it.'}`;
  const { model, signatures, request } = checked;
  if (isReasoningOn(request.additionalModelRequestFields)) {
    const isOpaque = model?.modelId.startsWith('gpt-') === true;
    // This family returns reasoning only as redacted content.
    if (isOpaque) return [{ redacted: Buffer.from(signatures.sign(thought)).toString('base64') }, ...steps];
    return [{ reasoning: thought }, ...steps];
  }
  const hasTags = checked.messages.some(
    (message) =>
      'userInputMessage' in message &&
      /<thinking_mode>(?:enabled|adaptive)<\/thinking_mode>/.test(message.userInputMessage.content),
  );
  return hasTags ? [`<thinking>${thought}</thinking>\n\n`, ...steps] : steps;
}

function isReasoningOn(fields: JsonObject | undefined): boolean {
  const effortOf = (holder: string) => {
    const value = fields?.[holder];
    return isJsonObject(value) ? value.effort : undefined;
  };
  const effort = effortOf('output_config') ?? effortOf('reasoning');
  return isJsonObject(fields?.thinking) || (effort !== undefined && effort !== 'none');
}
