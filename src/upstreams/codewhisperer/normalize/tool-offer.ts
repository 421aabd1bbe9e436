/**
 * The tools of the request: the declared ones, or none if the client forbids tools, and a placeholder for each other tool
 * used in history, because the service refuses a history whose tools are not declared.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Tool } from '../../../core/conversation.ts';
import type { Passed } from './pass.ts';
import { note } from './rules.ts';

export function toolOffer(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const { toolChoice, tools, parallelToolUse } = conversation;
  if (toolChoice.type === 'required' || toolChoice.type === 'tool') {
    adjustments.push(note('tool-choice-ignored', 'tool_choice', toolChoice.type, 'auto'));
  }
  if (!parallelToolUse && tools.length > 0) {
    adjustments.push(note('parallel-tool-use-ignored', 'parallel_tool_calls', 'false', 'true'));
  }
  const offered = toolChoice.type === 'none' ? tools.filter(isPlaceholder) : tools;
  const declaredNames = new Set(offered.map((tool) => tool.name));
  const placeholders: Tool[] = [];
  for (const turn of conversation.turns) {
    for (const part of turn.parts) {
      if (part.type !== 'tool-use' || declaredNames.has(part.name)) continue;
      declaredNames.add(part.name);
      placeholders.push(placeholder(part.name, part.at));
      adjustments.push(note('tool-placeholder', part.at, part.name));
    }
  }
  const same = offered.length === tools.length && placeholders.length === 0 && toolChoice.type !== 'none';
  if (same) return { conversation, adjustments };
  return { conversation: { ...conversation, tools: [...offered, ...placeholders] }, adjustments };
}

const UNAVAILABLE = 'Used earlier in this conversation. Not available now: do not call it.';

function placeholder(name: string, at: string): Tool {
  return { at, name, description: UNAVAILABLE, inputSchema: { type: 'object', properties: {} } };
}

function isPlaceholder(tool: Tool): boolean {
  return tool.description === UNAVAILABLE;
}
