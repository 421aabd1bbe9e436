/** The normalizing pass that rewrites the input schemas of tools; what it changes is decided in schema.ts. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { knownSchemas } from '../known-schemas.ts';
import { mapShared, type Passed, type Scope } from './pass.ts';
import { note } from './rules.ts';

export function toolSchemas(conversation: Conversation, { profile }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const tools = mapShared(conversation.tools, (tool) => {
    const { schema, changes } = knownSchemas.sanitize(tool.inputSchema, profile.schemas);
    if (changes.size === 0) return tool;
    for (const [rule, details] of changes) adjustments.push(note(rule, tool.at, [...details].join(', ') || undefined));
    return { ...tool, inputSchema: schema };
  });
  return { conversation: tools === conversation.tools ? conversation : { ...conversation, tools }, adjustments };
}
