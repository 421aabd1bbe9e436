/**
 * Tool names: a name that the service may refuse, or that differs from another only in case, is sent as an alias derived
 * from the name alone, and the description gives the model the original. A name declared twice counts once. The decoder
 * gets the names of all tools and maps a call to the tool that the client declared.
 */
import { createHash } from 'node:crypto';
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Tool } from '../../../core/conversation.ts';
import type { WireProfile } from '../profiles.ts';
import { mapParts, mapShared, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function toolNames(conversation: Conversation, { profile }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const names = new WireNames(profile.limits);
  const declared = new Set<string>();
  const tools = conversation.tools.filter((tool) => {
    const isRepeated = declared.has(tool.name);
    if (isRepeated) adjustments.push(note('tool-duplicate-dropped', tool.at, tool.name));
    declared.add(tool.name);
    return !isRepeated;
  });
  const renamed = <T extends { readonly at: string; readonly name: string }>(named: T): T => {
    const isNew = !names.knows(named.name);
    const name = names.wireName(named.name, declared.has(named.name));
    if (name === named.name) return named;
    if (isNew) adjustments.push(note('tool-name-alias', named.at, named.name, name));
    return { ...named, name };
  };
  const renamedTools = mapShared(tools, (tool) => withOriginalName(renamed(tool), tool));
  const turns = mapParts(conversation.turns, (part) => (part.type === 'tool-use' ? renamed(part) : part));
  const toolNames = names.clientNames;
  if (adjustments.length === 0) return { conversation, adjustments, toolNames };
  return { conversation: { ...withTurns(conversation, turns), tools: renamedTools }, adjustments, toolNames };
}

/** At the start, so that it survives when the description is cut. Quoted with escapes where it is not plain text. */
function withOriginalName(tool: Tool, { name }: Tool): Tool {
  if (tool.name === name || name === '') return tool;
  const original = `Original name: ${/\p{Cc}|\p{Cs}/u.test(name) ? JSON.stringify(name) : name}`;
  return { ...tool, description: tool.description.trim() === '' ? original : `${original}\n${tool.description}` };
}

class WireNames {
  /** Wire name → client's name, of every declared tool and of those used earlier under an alias. */
  readonly clientNames = new Map<string, string>();
  readonly #limits: WireProfile['limits'];
  readonly #wireNames = new Map<string, string>();
  /** Lower-case wire names in use: the service ignores case. */
  readonly #used = new Set<string>();

  constructor(limits: WireProfile['limits']) {
    this.#limits = limits;
  }

  knows(name: string): boolean {
    return this.#wireNames.has(name);
  }

  wireName(name: string, isDeclared: boolean): string {
    const known = this.#wireNames.get(name);
    if (known !== undefined) return known;
    const wireName = this.#isFree(name) ? name : this.#alias(name);
    this.#wireNames.set(name, wireName);
    this.#used.add(wireName.toLowerCase());
    if (isDeclared || wireName !== name) this.clientNames.set(wireName, name);
    return wireName;
  }

  #isFree(name: string): boolean {
    const { toolNamePattern, toolNameChars } = this.#limits;
    return name.length <= toolNameChars && toolNamePattern.test(name) && !this.#used.has(name.toLowerCase());
  }

  /** Letters, digits and underscores, a letter first: what every version of the service has accepted. */
  #alias(name: string): string {
    const hash = createHash('sha256').update(name).digest('hex');
    const words = name.replaceAll(/[^a-zA-Z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
    const readable = /^[a-zA-Z]/.test(words) ? words : `tool_${words}`;
    for (let length = 8; ; length += 4) {
      const alias = `${readable.slice(0, this.#limits.toolNameChars - length - 1)}_${hash.slice(0, length)}`;
      if (!this.#used.has(alias.toLowerCase()) || length >= 40) return alias;
    }
  }
}
