/** Fills empty descriptions, and moves the rest of one that is too long into the system text. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, SystemPart } from '../../../core/conversation.ts';
import { mapShared, type Passed, type Scope } from './pass.ts';
import { note } from './rules.ts';

export function toolDescriptions(conversation: Conversation, { profile }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const moved: SystemPart[] = [];
  const limit = profile.limits.toolDescriptionChars;
  const tools = mapShared(conversation.tools, (tool) => {
    if (tool.description.trim() === '') {
      adjustments.push(note('tool-description-filled', tool.at, tool.name));
      return { ...tool, description: `Tool: ${tool.name}` };
    }
    if (tool.description.length <= limit) return tool;
    const pointer = `\n[Continued in the system instructions, under "Tool ${tool.name}".]`;
    const [description, remainder] = cut(tool.description, limit - pointer.length);
    adjustments.push(note('tool-description-moved', tool.at, `${tool.description.length} characters`, `${limit}`));
    moved.push({ at: tool.at, text: `Tool ${tool.name}, continued description:\n${remainder}`, cachePoint: false });
    return { ...tool, description: description + pointer };
  });
  if (adjustments.length === 0) return { conversation, adjustments };
  return { conversation: { ...conversation, tools, system: [...conversation.system, ...moved] }, adjustments };
}

/** Cuts between code points, at the end of a line if one is near. */
function cut(text: string, maxChars: number): [string, string] {
  const lineEnd = text.lastIndexOf('\n', maxChars);
  const cutsPair = !text.slice(0, maxChars).isWellFormed();
  const end = lineEnd > maxChars * 0.8 ? lineEnd : maxChars - (cutsPair ? 1 : 0);
  return [text.slice(0, end), text.slice(end)];
}
