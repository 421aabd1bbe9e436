/** Unpaired UTF-16 surrogates break the request's body, so each becomes U+FFFD, wherever there is text. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, Tool, ToolResultPart } from '../../../core/conversation.ts';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { knownSchemas } from '../known-schemas.ts';
import { mapParts, mapShared, type Passed } from './pass.ts';
import { note } from './rules.ts';
import { isWellFormedJson } from './traits.ts';

export function wellFormedText(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const repair = <T>(value: T, repaired: T, path: string): T => {
    if (repaired !== value) adjustments.push(note('lone-surrogate-replaced', path));
    return repaired;
  };
  const { system, turns, tools } = conversation;
  const repairedSystem = mapShared(system, (part) => repair(part, withText(part), part.at));
  const repairedTurns = mapParts(turns, (part) => repair(part, repairPart(part), part.at));
  const repairedTools = mapShared(tools, (tool) => repair(tool, repairTool(tool), tool.at));
  if (adjustments.length === 0) return { conversation, adjustments };
  return {
    conversation: { ...conversation, system: repairedSystem, turns: repairedTurns, tools: repairedTools },
    adjustments,
  };
}

/** The same for tools alone. */
export function wellFormedTools(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const tools = mapShared(conversation.tools, (tool) => {
    const repaired = repairTool(tool);
    if (repaired !== tool) adjustments.push(note('lone-surrogate-replaced', tool.at));
    return repaired;
  });
  return { conversation: tools === conversation.tools ? conversation : { ...conversation, tools }, adjustments };
}

function repairTool(tool: Tool): Tool {
  const description = tool.description.toWellFormed();
  const inputSchema = repairSchema(tool.inputSchema);
  const same = description === tool.description && inputSchema === tool.inputSchema;
  return same ? tool : { ...tool, description, inputSchema };
}

function repairPart(part: Part): Part {
  switch (part.type) {
    case 'text':
      return withText(part);
    case 'reasoning':
      return withText(part);
    case 'tool-use': {
      const input = repairJson(part.input);
      return input === part.input ? part : { ...part, input };
    }
    case 'tool-result': {
      // A result's content is text, images and documents, and repairing a part keeps its type.
      const content = mapShared(part.content, (inner) => repairPart(inner) as ToolResultPart['content'][number]);
      return content === part.content ? part : { ...part, content };
    }
    case 'document': {
      const name = part.name?.toWellFormed();
      const source = part.source.type === 'text' ? withText(part.source) : part.source;
      return name === part.name && source === part.source ? part : { ...part, name, source };
    }
    default:
      return part;
  }
}

/** `isWellFormed` is O(1) for one-byte strings, so ordinary text costs nothing. */
function withText<T extends { readonly text: string }>(object: T): T {
  return object.text.isWellFormed() ? object : { ...object, text: object.text.toWellFormed() };
}

/** One that was sanitized before has been repaired before that. */
function repairSchema(schema: JsonValue | undefined): JsonValue | undefined {
  const isRepaired = schema === undefined || knownSchemas.has(schema) || isWellFormedJson(schema);
  return isRepaired ? schema : repairJson(schema);
}

function repairJson(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  // Array.isArray does not narrow readonly arrays.
  if (Array.isArray(value)) return mapShared(value as readonly JsonValue[], repairJson);
  const entries = Object.entries(value as JsonObject);
  const repaired = mapShared(entries, (entry) => {
    const [key, inner] = entry;
    const next: [string, JsonValue] = [key.toWellFormed(), repairJson(inner)];
    return next[0] === key && next[1] === inner ? entry : next;
  });
  return repaired === entries ? value : Object.fromEntries(repaired);
}
