/**
 * Writes the body of a request as JSON text at once, without objects for its messages, and checks the rules of lint/ on
 * the way. For nearly all conversations: of text, reasoning, tool uses and their results. body.ts writes all others, and
 * those that break a rule: the same bytes (plain-body.test.ts).
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Part, Tool, ToolResultPart, Turn } from '../../core/conversation.ts';
import { JsonPieces } from '../../core/json-bytes.ts';
import type { Steps } from '../../core/steps.ts';
import { agentModeOf, type BodyContent, wireIdOf } from './body-content.ts';
import { isConversationId, isModelId, isProfileArn } from './lint/envelope.ts';
import { acceptedSchemaJson } from './lint/tools.ts';
import { TRAITS } from './normalize/traits.ts';
import type { WireProfile } from './profiles.ts';
import { contentOf } from './write.ts';

export interface PlainBody {
  readonly json: Buffer;
  readonly adjustments: readonly Adjustment[];
}

/** What body.ts writes, or what lint may have to report. */
const NOT_PLAIN =
  TRAITS.malformedText |
  TRAITS.image |
  TRAITS.document |
  TRAITS.toolInput |
  TRAITS.toolUseId |
  TRAITS.toolName |
  TRAITS.systemTurn |
  TRAITS.foreignPart |
  TRAITS.emptyText |
  TRAITS.sameRole |
  TRAITS.openEnd |
  TRAITS.unpaired |
  TRAITS.resultContent |
  TRAITS.toolDescription;

/** `traits`: of the content's conversation. undefined: body.ts has to write it. A step for each few ten thousand characters. */
export function* plainBody(content: BodyContent, traits: number): Steps<PlainBody | undefined> {
  if ((traits & NOT_PLAIN) !== 0 || content.environment !== undefined || !isPlainEnvelope(content)) return undefined;
  const writer = new PlainWriter(content);
  const { turns } = content.conversation;
  let pauseAt = STEP_LENGTH;
  writer.begin();
  for (let index = 0; index < turns.length; index++) {
    if (!writer.addTurn(turns[index] as Turn, index)) return undefined; // within its bounds
    if (writer.json.length < pauseAt) continue;
    pauseAt = writer.json.length + STEP_LENGTH;
    yield;
  }
  writer.end();
  return { json: yield* writer.json.join(), adjustments: writer.adjustments };
}

const STEP_LENGTH = 64 * 1024;

function isPlainEnvelope({ profile, modelId, ids, profileArn, fields, conversation }: BodyContent): boolean {
  const { turns } = conversation;
  return (
    layoutOf(profile).isAllowed &&
    turns.length - 1 <= profile.limits.historyEntries &&
    (turns[0]?.role === 'user' || profile.accepts.historyFromAssistant) &&
    isConversationId(wireIdOf(ids.conversationId, profile)) &&
    (modelId === undefined || isModelId(modelId)) &&
    (profileArn === undefined || (profile.body.fields.includes('profileArn') && isProfileArn(profileArn))) &&
    (fields === undefined || profile.body.fields.includes('additionalModelRequestFields'))
  );
}

/** The parts of a body that depend on the wire profile alone. */
interface Layout {
  /** Whether the profile accepts the members that every body has. */
  readonly isAllowed: boolean;
  readonly hasRootId: boolean;
  readonly hasContinuationId: boolean;
  /** JSON between the ids and the messages. */
  readonly taskType: string;
  readonly origin: string;
}

const LAYOUTS = new WeakMap<WireProfile, Layout>();

function layoutOf(profile: WireProfile): Layout {
  const known = LAYOUTS.get(profile);
  if (known) return known;
  const { fields, conversationStateFields, agentTaskType } = profile.body;
  const stateFields = new Set<string>(conversationStateFields);
  const layout = {
    isAllowed:
      fields.includes('conversationState') &&
      ['chatTriggerType', 'conversationId', 'history', 'currentMessage'].every((field) => stateFields.has(field)),
    hasRootId: stateFields.has('rootConversationId'),
    hasContinuationId: stateFields.has('agentContinuationId'),
    taskType: stateFields.has('agentTaskType') ? `,"agentTaskType":${JSON.stringify(agentTaskType)}` : '',
    origin: JSON.stringify(profile.origin),
  };
  LAYOUTS.set(profile, layout);
  return layout;
}

const CACHE_POINT = ',"cachePoint":{"type":"default"}';

class PlainWriter {
  readonly json = new JsonPieces();
  readonly adjustments: Adjustment[] = [];
  readonly #content: BodyContent;
  readonly #layout: Layout;
  readonly #profile: WireProfile;
  readonly #last: number;
  /** JSON behind the content of a user message in the history, and of the current one. */
  readonly #historyEnd: string;
  readonly #currentEnd: string;
  #cachePoints = 0;

  constructor(content: BodyContent) {
    const { profile, modelId, conversation } = content;
    this.#content = content;
    this.#profile = profile;
    this.#layout = layoutOf(profile);
    this.#last = conversation.turns.length - 1;
    const origin = `,"origin":${this.#layout.origin}`;
    this.#currentEnd = modelId === undefined ? origin : `${origin},"modelId":${JSON.stringify(modelId)}`;
    this.#historyEnd = profile.messages.historyModelId ? this.#currentEnd : origin;
  }

  begin(): void {
    const { ids, profile } = this.#content;
    const { hasRootId, taskType } = this.#layout;
    let head = `{"conversationState":{"chatTriggerType":"MANUAL","conversationId":${JSON.stringify(wireIdOf(ids.conversationId, profile))}`;
    if (hasRootId) head += `,"rootConversationId":${JSON.stringify(wireIdOf(ids.rootConversationId, profile))}`;
    this.json.add(head + taskType);
  }

  /** False: a rule is broken, or body.ts has to write the turn. */
  addTurn(turn: Turn, index: number): boolean {
    if (index === this.#last) this.json.add(index === 0 ? ',"currentMessage":' : '],"currentMessage":');
    else this.json.add(index === 0 ? ',"history":[' : ',');
    return turn.role === 'user' ? this.#addUser(turn, index === this.#last) : this.#addAssistant(turn);
  }

  end(): void {
    const { ids, profile, profileArn, fields } = this.#content;
    let tail = '';
    if (this.#layout.hasContinuationId) tail += `,"agentContinuationId":${JSON.stringify(ids.continuationId)}`;
    tail += '}';
    if (profileArn !== undefined) tail += `,"profileArn":${JSON.stringify(profileArn)}`;
    if (profile.body.fields.includes('agentMode')) tail += `,"agentMode":${JSON.stringify(agentModeOf(ids, profile))}`;
    if (fields !== undefined) tail += `,"additionalModelRequestFields":${JSON.stringify(fields)}`;
    if (profile.body.fields.includes('source')) tail += `,"source":${this.#layout.origin}`;
    this.json.add(`${tail}}`);
  }

  #addUser(turn: Turn, isCurrent: boolean): boolean {
    const { parts } = turn;
    let results = 0;
    while (parts[results]?.type === 'tool-result') results++;
    const { emptyUser, emptyUserWithToolResults } = this.#profile.messages;
    const blank = results === 0 ? emptyUser : emptyUserWithToolResults;
    const content = contentOf(turn, textOf(parts, results), blank, this.adjustments);
    if (content === '' && results === 0) return false;
    this.json.add('{"userInputMessage":{"content":');
    if (!this.#addText(content)) return false;
    const tools = isCurrent ? this.#content.conversation.tools : NO_TOOLS;
    if (results > 0 || tools.length > 0) {
      this.json.add(',"userInputMessageContext":{');
      if (results > 0 && !this.#addResults(parts, results)) return false;
      if (tools.length > 0 && !this.#addTools(tools, results > 0)) return false;
      this.json.add('}');
    }
    this.json.add(isCurrent ? this.#currentEnd : this.#historyEnd);
    return this.#addCachePoint(parts);
  }

  #addAssistant(turn: Turn): boolean {
    const { parts } = turn;
    const { emptyAssistant, emptyAssistantWithToolUses } = this.#profile.messages;
    let uses = 0;
    for (let index = 0; index < parts.length; index++) if (parts[index]?.type === 'tool-use') uses++;
    const blank = uses === 0 ? emptyAssistant : emptyAssistantWithToolUses;
    const content = contentOf(turn, textOf(parts, 0), blank, this.adjustments);
    if (content === '' && uses === 0) return false;
    this.json.add('{"assistantResponseMessage":{"content":');
    if (!this.#addText(content)) return false;
    if (!this.#addReasoning(parts)) return false;
    if (uses > 0) this.#addUses(parts);
    return this.#addCachePoint(parts);
  }

  /** False: it is too long. */
  #addText(text: string): boolean {
    if (text.length > this.#profile.limits.contentChars) return false;
    this.json.addText(text);
    return true;
  }

  /** The end of a message. False: there are too many cache points. */
  #addCachePoint(parts: readonly Part[]): boolean {
    const isMarked = parts.some((part) => 'cachePoint' in part && part.cachePoint);
    this.json.add(isMarked ? `${CACHE_POINT}}}` : '}}');
    if (!isMarked) return true;
    this.#cachePoints++;
    return this.#profile.accepts.cachePoints && this.#cachePoints <= this.#profile.limits.cachePointsPerRequest;
  }

  #addResults(parts: readonly Part[], count: number): boolean {
    this.json.add('"toolResults":[');
    for (let index = 0; index < count; index++) {
      const { toolUseId, isError, content } = parts[index] as ToolResultPart; // counted before
      const status = isError ? ',"status":"error","content":[' : ',"status":"success","content":[';
      this.json.add(`${index === 0 ? '' : ','}{"toolUseId":${JSON.stringify(toolUseId)}${status}`);
      for (let inner = 0; inner < content.length; inner++) {
        const part = content[inner];
        this.json.add(inner === 0 ? '{"text":' : ',{"text":');
        // The traits exclude images and documents.
        if (part?.type !== 'text' || !this.#addText(part.text)) return false;
        this.json.add('}');
      }
      this.json.add(']}');
    }
    this.json.add(']');
    return true;
  }

  #addUses(parts: readonly Part[]): void {
    let separator = ',"toolUses":[';
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as Part; // within its bounds
      if (part.type !== 'tool-use') continue;
      this.json.add(
        `${separator}{"toolUseId":${JSON.stringify(part.toolUseId)},"name":${JSON.stringify(part.name)},"input":`,
      );
      this.json.addValue(part.input);
      this.json.add('}');
      separator = ',';
    }
    this.json.add(']');
  }

  /** False: it is unsigned, the profile does not accept it, or there are two blocks. */
  #addReasoning(parts: readonly Part[]): boolean {
    let count = 0;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as Part; // within its bounds
      if (part.type === 'reasoning') {
        if (!part.signature) return false;
        count++;
        this.json.add(',"reasoningContent":{"reasoningText":{"text":');
        this.json.addText(part.text);
        this.json.add(',"signature":');
        this.json.addText(part.signature);
        this.json.add('}}');
      } else if (part.type === 'redacted-reasoning') {
        if (part.data === '') return false;
        count++;
        this.json.add(',"reasoningContent":{"redactedContent":');
        this.json.addText(part.data);
        this.json.add('}');
      }
    }
    return count === 0 || (count === 1 && this.#profile.accepts.reasoningHistory);
  }

  #addTools(tools: readonly Tool[], isNext: boolean): boolean {
    let separator = isNext ? ',"tools":[' : '"tools":[';
    for (let index = 0; index < tools.length; index++) {
      const { name, description, inputSchema, cachePoint } = tools[index] as Tool; // within its bounds
      const schema = acceptedSchemaJson(inputSchema, this.#profile);
      if (cachePoint || schema === undefined) return false;
      this.json.add(`${separator}{"toolSpecification":{"name":${JSON.stringify(name)},"description":`);
      this.json.addText(description);
      this.json.add(',"inputSchema":{"json":');
      this.json.addBytes(schema);
      this.json.add('}}}');
      separator = ',';
    }
    this.json.add(']');
    return true;
  }
}

const NO_TOOLS: readonly Tool[] = [];

/** The texts from `start` on, as paragraphs. */
function textOf(parts: readonly Part[], start: number): string {
  let text: string | undefined;
  for (let index = start; index < parts.length; index++) {
    const part = parts[index] as Part; // within its bounds
    if (part.type === 'text') text = text === undefined ? part.text : `${text}\n\n${part.text}`;
  }
  return text ?? '';
}
