/**
 * The service drops a tool result's status before the model reads it, so a failed result gets a line that says so.
 * Source: live tests of 2026-10 (with `status: error` alone, the model took failures for successes).
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, ToolResultPart } from '../../../core/conversation.ts';
import { mapParts, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function failedResults(conversation: Conversation, { profile }: Scope): Passed {
  const line = profile.messages.failedToolResult;
  const adjustments: Adjustment[] = [];
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type !== 'tool-result' || !part.isError) return part;
    const content = withLine(part, line);
    if (content === part.content) return part;
    adjustments.push(note('tool-result-failed-marked', part.at));
    return { ...part, content };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

function withLine({ at, content }: ToolResultPart, line: string): ToolResultPart['content'] {
  const [first, ...others] = content;
  if (first?.type !== 'text' || first.text.trim() === '') return [{ type: 'text', at, text: line }, ...content];
  if (first.text === line || first.text.startsWith(`${line}\n`)) return content;
  return [{ ...first, text: `${line}\n${first.text}` }, ...others];
}
