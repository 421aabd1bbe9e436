/**
 * What a conversation contains that the normalising passes change. Most conversations contain hardly any of it, so one
 * walk over their parts takes the place of a walk for each pass.
 */
import type { Conversation, Part, SystemPart, Tool, ToolResultPart, Turn } from '../../../core/conversation.ts';
import { isJsonObject, type JsonValue } from '../../../core/json.ts';
import { knownSchemas } from '../known-schemas.ts';
import type { WireProfile } from '../profiles.ts';

/** Each is a bit of `traitsOf`. */
export const TRAITS = {
  /** An unpaired surrogate outside of schemas. Not looked for in documents, all of which have this trait. */
  malformedText: 1 << 0,
  image: 1 << 1,
  document: 1 << 2,
  /** Arguments that are not an object, or that have an empty key or a rounded number. */
  toolInput: 1 << 3,
  toolUseId: 1 << 4,
  /** A name that the service refuses, one that differs from another in its case alone, or one of an undeclared tool. */
  toolName: 1 << 5,
  failedResult: 1 << 6,
  reasoning: 1 << 7,
  systemTurn: 1 << 8,
  /** A part that only the other role can have. */
  foreignPart: 1 << 9,
  emptyText: 1 << 10,
  /** Neighbouring turns of one role. */
  sameRole: 1 << 11,
  /** The last turn is not the user's. */
  openEnd: 1 << 12,
  /** Tool uses and results that do not match one another, or ids that are used twice. */
  unpaired: 1 << 13,
  /** A result without text, or with images or documents. */
  resultContent: 1 << 14,
  toolDescription: 1 << 15,
  tools: 1 << 16,
  /** The use of the tools is restricted, which the service cannot do. */
  toolChoice: 1 << 17,
  cachePoint: 1 << 18,
  /** There is system text, or the first turn is the assistant's. */
  opening: 1 << 19,
  /** A schema that has not been sanitized before, in which nothing has been looked for. */
  newSchema: 1 << 20,
} as const;

/** `isWellFormed`: all of its texts are known to be. */
export function traitsOf(conversation: Conversation, { limits }: WireProfile, isWellFormed = false): number {
  const { system, turns, tools, toolChoice, parallelToolUse } = conversation;
  const walk = new TraitWalk(limits, isWellFormed);
  for (let index = 0; index < system.length; index++) walk.readSystem(system[index] as SystemPart); // within its bounds
  walk.readTools(tools);
  for (let index = 0; index < turns.length; index++) walk.readTurn(turns[index] as Turn); // within its bounds
  walk.end();
  if (toolChoice.type !== 'auto' || (!parallelToolUse && tools.length > 0)) walk.traits |= TRAITS.toolChoice;
  if (turns[0]?.role === 'assistant') walk.traits |= TRAITS.opening;
  return walk.traits;
}

class TraitWalk {
  traits = 0;
  readonly #limits: WireProfile['limits'];
  readonly #isWellFormed: boolean;
  /** Of declared tools. Created when needed, as the next: most chats have no tools. */
  #names: Set<string> | undefined;
  #useIds: Set<string> | undefined;
  /** Ids of the tool uses in the turn before that have no result yet, in order, from `#answered` on. */
  #open: string[] = [];
  #answered = 0;
  #role: Turn['role'] | undefined;

  constructor(limits: WireProfile['limits'], isWellFormed: boolean) {
    this.#limits = limits;
    this.#isWellFormed = isWellFormed;
  }

  /** A text of a conversation of 1 MB has left the processor's cache: each look at all of them takes 0.3 ms. */
  #readText(text: string): void {
    if (!this.#isWellFormed && !text.isWellFormed()) this.traits |= TRAITS.malformedText;
  }

  readSystem({ text, cachePoint }: SystemPart): void {
    this.traits |= TRAITS.opening;
    if (cachePoint) this.traits |= TRAITS.cachePoint;
    this.#readText(text);
  }

  readTools(tools: readonly Tool[]): void {
    if (tools.length === 0) return;
    const { toolDescriptionChars } = this.#limits;
    const names = new Set<string>();
    const lowerNames = new Set<string>();
    this.traits |= TRAITS.tools;
    this.#names = names;
    for (let index = 0; index < tools.length; index++) {
      const { name, description, inputSchema, cachePoint } = tools[index] as Tool; // within its bounds
      if (cachePoint) this.traits |= TRAITS.cachePoint;
      if (description.length > toolDescriptionChars || isBlank(description)) this.traits |= TRAITS.toolDescription;
      this.#readText(description);
      if (inputSchema !== undefined && !knownSchemas.has(inputSchema)) this.traits |= TRAITS.newSchema;
      const lowerName = name.toLowerCase();
      if (!this.#isAccepted(name) || lowerNames.has(lowerName)) this.traits |= TRAITS.toolName;
      names.add(name);
      lowerNames.add(lowerName);
    }
  }

  #isAccepted(name: string): boolean {
    return name.length <= this.#limits.toolNameChars && this.#limits.toolNamePattern.test(name);
  }

  readTurn({ role, parts }: Turn): void {
    if (role === 'system') this.traits |= TRAITS.systemTurn;
    if (role === this.#role) this.traits |= TRAITS.sameRole;
    this.#role = role;
    const hadOpen = this.#open.length > 0;
    let hasContent = false;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as Part; // within its bounds
      if (part.type !== 'text') {
        hasContent = true;
        this.#readPart(part, role, index);
        continue;
      }
      const { text } = part;
      if (text === '') this.traits |= TRAITS.emptyText;
      this.#readText(text);
      if (part.cachePoint) this.traits |= TRAITS.cachePoint;
      if (!hasContent && !isBlank(text)) hasContent = true;
    }
    if (role === 'assistant' && !hasContent) this.traits |= TRAITS.emptyText;
    if (hadOpen && role !== 'assistant') this.#closeUses();
  }

  /** The turn after the uses has ended. */
  #closeUses(): void {
    if (this.#answered < this.#open.length) this.traits |= TRAITS.unpaired;
    this.#open = [];
    this.#answered = 0;
  }

  end(): void {
    if (this.#role !== 'user') this.traits |= TRAITS.openEnd;
    if (this.#open.length > 0) this.traits |= TRAITS.unpaired;
  }

  #readPart(part: Exclude<Part, { type: 'text' }>, role: Turn['role'], index: number): void {
    if ('cachePoint' in part && part.cachePoint) this.traits |= TRAITS.cachePoint;
    switch (part.type) {
      case 'tool-use': {
        const { toolUseId, name, input } = part;
        if (role !== 'assistant') this.traits |= TRAITS.foreignPart;
        if (!this.#isAcceptedId(toolUseId)) this.traits |= TRAITS.toolUseId;
        if (!this.#names?.has(name)) this.traits |= TRAITS.toolName;
        this.traits |= isJsonObject(input) ? traitsOfJson(input) : TRAITS.toolInput | TRAITS.malformedText;
        this.#useIds ??= new Set();
        if (this.#useIds.has(toolUseId) || this.#answered > 0) this.traits |= TRAITS.unpaired;
        this.#useIds.add(toolUseId);
        this.#open.push(toolUseId);
        return;
      }
      case 'tool-result':
        if (role !== 'user') this.traits |= TRAITS.foreignPart;
        if (part.isError) this.traits |= TRAITS.failedResult;
        // Results come first and in the order of their uses, where the id was looked at.
        if (part.toolUseId !== this.#open[index] && !this.#isAcceptedId(part.toolUseId))
          this.traits |= TRAITS.toolUseId;
        if (index !== this.#answered || part.toolUseId !== this.#open[index]) this.traits |= TRAITS.unpaired;
        this.#answered = index + 1;
        this.#readResult(part);
        return;
      case 'reasoning':
        if (role !== 'assistant') this.traits |= TRAITS.foreignPart;
        this.#readText(part.text);
        this.traits |= TRAITS.reasoning;
        return;
      case 'redacted-reasoning':
        if (role !== 'assistant') this.traits |= TRAITS.foreignPart;
        this.traits |= TRAITS.reasoning;
        return;
      case 'image':
        if (role !== 'user') this.traits |= TRAITS.foreignPart;
        this.traits |= TRAITS.image;
        return;
      case 'document':
        if (role !== 'user') this.traits |= TRAITS.foreignPart;
        this.traits |= TRAITS.document | TRAITS.malformedText;
    }
  }

  #isAcceptedId(id: string): boolean {
    return id.length <= this.#limits.toolUseIdChars && this.#limits.toolUseIdPattern.test(id);
  }

  #readResult({ content }: ToolResultPart): void {
    let hasWords = false;
    for (let index = 0; index < content.length; index++) {
      const inner = content[index] as ToolResultPart['content'][number]; // within its bounds
      if (inner.type !== 'text') {
        this.traits |= TRAITS.resultContent | (inner.type === 'image' ? TRAITS.image : TRAITS.document);
        if (inner.type === 'document') this.traits |= TRAITS.malformedText;
        continue;
      }
      if (inner.text === '') this.traits |= TRAITS.resultContent;
      this.#readText(inner.text);
      if (!hasWords && !isBlank(inner.text)) hasWords = true;
    }
    if (!hasWords) this.traits |= TRAITS.resultContent;
  }
}

/** White space alone, as `trim` understands it. */
export function isBlank(text: string): boolean {
  const first = text.charCodeAt(0);
  // A visible ASCII character, as nearly all texts begin, saves the copy that `trim` makes.
  return !(first > 0x20 && first < 0x7f) && text.trim() === '';
}

/** Whether no key and no string in it has an unpaired surrogate. */
export function isWellFormedJson(value: JsonValue): boolean {
  return (traitsOfJson(value) & TRAITS.malformedText) === 0;
}

/** JavaScript's numbers hold whole numbers exactly up to 2^53. Beyond their largest, they are Infinity, which JSON lacks. */
export function mayBeRounded(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
}

/** `toolInput` for an empty key or a rounded number, `malformedText` for a key or a string with an unpaired surrogate. */
function traitsOfJson(value: JsonValue): number {
  if (typeof value === 'string') return value.isWellFormed() ? 0 : TRAITS.malformedText;
  if (typeof value === 'number') return mayBeRounded(value) ? TRAITS.toolInput : 0;
  if (typeof value !== 'object' || value === null) return 0;
  let traits = 0;
  if (!isJsonObject(value)) {
    for (let index = 0; index < value.length; index++) traits |= traitsOfJson(value[index] ?? null);
    return traits;
  }
  for (const key in value) {
    if (key === '') traits |= TRAITS.toolInput;
    if (!key.isWellFormed()) traits |= TRAITS.malformedText;
    traits |= traitsOfJson(value[key] ?? null);
  }
  return traits;
}
