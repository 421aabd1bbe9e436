/** Agents' requests outside the conversation: a title for it, or a summary to continue from once it is too long. */
import { openDocument } from './json/alternatives.ts';
import { fits } from './json/fits.ts';
import type { Reading } from './reading.ts';
import { answerInJson } from './wanted-json.ts';
import { parsePlan, remainingLines } from './written-plan.ts';

/** The reply, if the request is one of those. */
export function answerSideRequest(reading: Reading): string | undefined {
  if (isCompaction(reading.human)) return summary(reading);
  return isTitleRequest(reading) ? title(reading) : undefined;
}

const COMPACTION =
  /automated summarization request|respond with text only|create a detailed summary|context checkpoint compaction|detailed prompt for continuing|summari[sz]e (?:our|the|this) conversation/i;

function isCompaction(human: string): boolean {
  return COMPACTION.test(human);
}

/** Includes the rest of the user's plan, so that the session can continue from the summary alone. */
const AUTOMATED = /automated summarization request/i;

function summary({ human, usesSince, earlierHuman, usesSinceEarlier }: Reading): string {
  // Agents append the summary request to the user's text, so both may arrive as one message.
  const isJoined = parsePlan(human).length > 0;
  const [words, uses] = isJoined ? [human, usesSince] : [earlierHuman, usesSinceEarlier];
  const plan = remainingLines(parsePlan(words), uses);
  const goal =
    plan.length > 0 ? `What is left to do:\n${plan.join('\n')}` : `The person said last: ${quote(words, 400)}`;
  if (AUTOMATED.test(human)) {
    const topic = `## Most Recent Topic\n${goal}\n**Tools Used**: ${uses}`;
    return `## Conversation Summary\n- **Request**: ${quote(words, 80)}\n\n${topic}`;
  }
  return `<analysis>The simulator looked through the conversation; ${uses} tool calls were made for the latest request.</analysis>\n\n<summary>\n${goal}\n</summary>`;
}

const TITLE =
  /\b(?:title generator|(?:generate|write|create|come up with) an? [^.\n]{0,80}\btitle|(?:session|conversation|thread|chat) title)\b/i;

/** A request with tools is a conversation: long instructions may mention titles. */
function isTitleRequest({ human, instructions, tools }: Reading): boolean {
  return tools.length === 0 && (TITLE.test(human) || TITLE.test(instructions));
}

function title({ human, instructions, wantedJson }: Reading): string {
  const words = human.replace(TITLE, ' ').match(/[\p{L}\d][\p{L}\d'_.-]*/gu) ?? [];
  const text = words.slice(0, 6).join(' ') || 'A conversation';
  if (wantedJson?.schema && !fits({ title: text }, wantedJson.schema, openDocument(wantedJson.schema)))
    return answerInJson(wantedJson, text);
  return /\bjson\b|"title"/i.test(`${human}\n${instructions}`) ? JSON.stringify({ title: text }) : text;
}

/** The start of a text, on one line. */
export function quote(text: string, mostChars: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const points = [...line];
  return points.length > mostChars ? `“${points.slice(0, mostChars).join('')}…”` : `“${line}”`;
}
