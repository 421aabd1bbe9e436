/**
 * Compares a parsed client request with the body that is sent to the service, aspect by aspect: what differs must be in
 * the notes, and what the notes claim must differ.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Conversation, ImagePart, Part, ToolResultPart } from '../../src/core/conversation.ts';
import type { ParsedRequest } from '../../src/protocols/protocol.ts';
import type { GenerateAssistantResponseRequest, ToolSpecification } from '../../src/upstreams/codewhisperer/wire.ts';
import type { EncodedChat } from '../../src/upstreams/upstream.ts';

export interface Differences {
  /** Aspects that differ without a note that says so. */
  readonly unnoted: readonly string[];
  /** Aspects that do not differ although a note says so. */
  readonly unfounded: readonly string[];
}

interface Aspect {
  /** Rules that account for a difference. */
  readonly rules: readonly string[];
  /** Those of them that may be noted without one, because of another change to the same aspect. */
  readonly mayCancelOut?: true;
  differs(client: Client, wire: Wire): boolean;
}

export function differences({ conversation }: ParsedRequest, { request, adjustments }: EncodedChat): Differences {
  const client = clientOf(conversation);
  const wire = wireOf(JSON.parse(String(request.body)));
  const noted = new Set(adjustments.map(({ rule }) => rule));
  const unnoted: string[] = [];
  const unfounded: string[] = [];
  for (const [name, { rules, mayCancelOut, differs }] of Object.entries(ASPECTS)) {
    const isNoted = rules.some((rule) => noted.has(rule));
    const isDifferent = differs(client, wire);
    if (isDifferent && !isNoted) unnoted.push(name);
    if (isNoted && !isDifferent && !mayCancelOut)
      unfounded.push(`${name} (${rules.filter((rule) => noted.has(rule))})`);
  }
  return { unnoted, unfounded };
}

interface Use {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** What both sides have in common, in the order of the conversation. */
interface Content {
  readonly texts: readonly string[];
  readonly uses: readonly Use[];
  readonly resultIds: readonly string[];
  readonly images: readonly string[];
  readonly reasoning: number;
  readonly roles: readonly string[];
  readonly cachePoints: number;
}

interface Client extends Content {
  readonly tools: Conversation['tools'];
}

interface Wire extends Content {
  readonly tools: readonly ToolSpecification[];
}

const ASPECTS: Readonly<Record<string, Aspect>> = {
  'tool names': {
    rules: ['tool-name-alias', 'tool-duplicate-dropped', 'tool-placeholder'],
    differs: (client, wire) =>
      !isDeepStrictEqual(
        [...client.tools, ...client.uses].map(({ name }) => name),
        [...wire.tools.slice(0, client.tools.length), ...wire.uses].map(({ name }) => name),
      ) || client.tools.length !== wire.tools.length,
  },
  'tool descriptions': {
    rules: ['tool-description-filled', 'tool-description-moved', 'tool-name-alias', 'lone-surrogate-replaced'],
    // An alias may be that of a call, a broken character in a message.
    mayCancelOut: true,
    differs: (client, wire) =>
      client.tools.some(({ description }, index) => description !== wire.tools[index]?.description),
  },
  'tool schemas': {
    rules: [
      'tool-schema-bound-removed',
      'tool-schema-keyword-removed',
      'tool-schema-missing',
      'tool-schema-null-repaired',
      'tool-schema-ref-cut',
      'tool-schema-ref-inlined',
      'tool-schema-required-dropped',
      'tool-schema-root-merged',
      'tool-schema-root-object',
    ],
    differs: (client, wire) =>
      client.tools.some(
        ({ inputSchema }, index) => !isDeepStrictEqual(inputSchema, wire.tools[index]?.inputSchema.json),
      ),
  },
  'call ids': {
    rules: ['tool-use-id-alias', 'tool-use-id-repeated'],
    // An alias may be that of a result without its call.
    mayCancelOut: true,
    differs: (client, wire) => !isDeepStrictEqual(idsOf(client), idsOf(wire)),
  },
  'call arguments': {
    rules: ['tool-input-empty-key', 'tool-input-wrapped', 'lone-surrogate-replaced'],
    mayCancelOut: true,
    differs: (client, wire) =>
      !isDeepStrictEqual(
        client.uses.map(({ input }) => input),
        wire.uses.map(({ input }) => input),
      ),
  },
  'number of calls': { rules: [], differs: (client, wire) => client.uses.length !== wire.uses.length },
  'number of results': {
    rules: ['tool-result-orphan', 'tool-results-joined', 'tool-use-unanswered'],
    mayCancelOut: true,
    differs: (client, wire) => client.resultIds.length !== wire.resultIds.length,
  },
  images: {
    rules: ['attachment-repeated', 'image-not-supported'],
    // A repeated attachment may be a document.
    mayCancelOut: true,
    differs: (client, wire) => !isDeepStrictEqual(client.images.toSorted(), wire.images.toSorted()),
  },
  reasoning: {
    rules: ['reasoning-extra-dropped', 'reasoning-history-dropped', 'reasoning-unsigned-dropped'],
    differs: (client, wire) => client.reasoning !== wire.reasoning,
  },
  'cache points': {
    rules: ['cache-point-ignored', 'turns-merged', 'empty-turn-dropped'],
    mayCancelOut: true,
    differs: (client, wire) => client.cachePoints !== wire.cachePoints,
  },
  roles: {
    rules: [
      'attachments-spread',
      'empty-turn-dropped',
      'opening-turn-added',
      'prefill-continued',
      'reasoning-tags',
      'system-turn-as-user',
      'tool-description-moved',
      'tool-result-orphan',
      'tool-use-unanswered',
      'turn-split',
      'turns-merged',
    ],
    mayCancelOut: true,
    differs: (client, wire) => !isDeepStrictEqual(client.roles, wire.roles),
  },
  'texts of the client': {
    rules: ['lone-surrogate-replaced', 'tool-description-moved', 'document-inlined', 'image-not-supported'],
    mayCancelOut: true,
    differs: (client, wire) => rest(client, wire) === undefined,
  },
  'texts that are added': {
    rules: [
      'attachment-repeated',
      'document-inlined',
      'document-name',
      'empty-turn-filled',
      'image-not-supported',
      'lone-surrogate-replaced',
      'opening-turn-added',
      'prefill-continued',
      'reasoning-tags',
      'system-turn-as-user',
      'tool-description-moved',
      'tool-result-empty',
      'tool-result-failed-marked',
      'tool-result-images-listed',
      'tool-result-media-lifted',
      'tool-result-orphan',
      'tool-use-unanswered',
    ],
    mayCancelOut: true,
    differs: (client, wire) => !/^\s*(?:Understood\.)?\s*$/.test(rest(client, wire) ?? ''),
  },
};

function idsOf({ uses }: Content): readonly string[] {
  return uses.map(({ id }) => id);
}

/** What remains of the texts on the wire without the client's. undefined: one of the client's is missing. */
function rest(client: Client, wire: Wire): string | undefined {
  let remaining = wire.texts.join('\n');
  // The longest first: a short one may be part of another.
  for (const text of client.texts.toSorted((one, other) => other.length - one.length)) {
    const at = remaining.indexOf(text);
    if (at < 0) return undefined;
    remaining = `${remaining.slice(0, at)}${remaining.slice(at + text.length)}`;
  }
  return remaining;
}

function clientOf({ system, turns, tools }: Conversation): Client {
  const parts = turns.flatMap((turn) => turn.parts);
  const results = parts.filter((part) => part.type === 'tool-result');
  const all: readonly (Part | ToolResultPart['content'][number])[] = [
    ...system.map((part): Part => ({ type: 'text', ...part })),
    ...parts,
    ...results.flatMap(({ content }) => content),
  ];
  return {
    tools,
    texts: all.flatMap((part) => (part.type === 'text' && part.text.trim() !== '' ? [part.text] : [])),
    uses: parts.flatMap((part) =>
      part.type === 'tool-use' ? [{ id: part.toolUseId, name: part.name, input: part.input }] : [],
    ),
    resultIds: results.map(({ toolUseId }) => toolUseId),
    images: all.flatMap((part) => (part.type === 'image' ? [imageBytes(part)] : [])),
    reasoning: parts.filter(({ type }) => type === 'reasoning' || type === 'redacted-reasoning').length,
    roles: [...openingOf(system, turns), ...turns.map(({ role }) => role)],
    cachePoints: cachePointsOf({ system, turns, tools }),
  };
}

function imageBytes({ attachment }: ImagePart): string {
  return attachment.base64;
}

/** System text leads as a message of the user's, which the assistant acknowledges. */
function openingOf(system: Conversation['system'], [first]: Conversation['turns']): readonly string[] {
  if (system.every(({ text }) => text.trim() === '')) return [];
  return first?.role === 'assistant' ? ['user'] : ['user', 'assistant'];
}

/** One for all system texts, one for each message, one for each tool. */
function cachePointsOf({ system, turns, tools }: Pick<Conversation, 'system' | 'turns' | 'tools'>): number {
  const isMarked = (items: readonly object[]) => items.some((item) => 'cachePoint' in item && item.cachePoint === true);
  const inSystem = isMarked(system.filter(({ text }) => text.trim() !== ''));
  return (
    (inSystem ? 1 : 0) +
    turns.filter(({ parts }) => isMarked(parts)).length +
    tools.filter((tool) => tool.cachePoint).length
  );
}

function wireOf({ conversationState }: GenerateAssistantResponseRequest): Wire {
  const { history = [], currentMessage } = conversationState;
  const messages = [...history, currentMessage];
  const texts: string[] = [];
  const uses: Use[] = [];
  const resultIds: string[] = [];
  const images: string[] = [];
  const roles: string[] = [];
  let reasoning = 0;
  let cachePoints = 0;
  for (const message of messages) {
    if ('assistantResponseMessage' in message) {
      const { content, toolUses = [], reasoningContent, cachePoint } = message.assistantResponseMessage;
      roles.push('assistant');
      texts.push(content);
      uses.push(...toolUses.map(({ toolUseId, name, input }) => ({ id: toolUseId, name, input })));
      if (reasoningContent) reasoning++;
      if (cachePoint) cachePoints++;
      continue;
    }
    const { content, images: blocks = [], userInputMessageContext, cachePoint } = message.userInputMessage;
    roles.push('user');
    texts.push(content);
    images.push(...blocks.map(({ source }) => source.bytes));
    if (cachePoint) cachePoints++;
    for (const { toolUseId, content: inner } of userInputMessageContext?.toolResults ?? []) {
      resultIds.push(toolUseId);
      for (const block of inner) if ('text' in block) texts.push(block.text);
    }
  }
  const entries = currentMessage.userInputMessage.userInputMessageContext?.tools ?? [];
  const tools = entries.flatMap((entry) => ('toolSpecification' in entry ? [entry.toolSpecification] : []));
  const inTools = entries.length - tools.length;
  return { texts, uses, resultIds, images, roles, reasoning, cachePoints: cachePoints + inTools, tools };
}
