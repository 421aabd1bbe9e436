/**
 * Assembles the model's tool calls from `toolUseEvent`s, which may interleave. A call is streamed fragment by fragment,
 * but its block closes only when its input is known to be complete: clients act on closed blocks. A truncated call
 * becomes an error, never a call with partial or missing input.
 */
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import { Fragments } from '../../core/fragments.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { TextPiece } from '../../core/text.ts';
import type { Frame } from '../../framing/event-stream.ts';
import type { BlockWriter, CallBlock } from './block-writer.ts';
import { type CalledTool, CalledTools } from './called-tools.ts';
import { EscapedMember } from './escaped-member.ts';
import { ObjectEnd } from './object-end.ts';
import { StringRepair } from './string-repair.ts';
import type { UsageTally } from './usage.ts';
import type { EventPayloads, Untrusted } from './wire-events.ts';

type ToolUseEvent = Untrusted<EventPayloads['toolUseEvent']>;

/** Keyed by the tool's wire name. */
export interface OfferedTools {
  /** The client's name. */
  readonly toolNames: ReadonlyMap<string, string>;
  /** Properties that the tool's schema requires. */
  readonly requiredArguments: ReadonlyMap<string, readonly string[]>;
}

/** Called when a call is changed. Names are the client's, except `written`, which is the model's. */
export interface ToolUseObserver {
  /** The input was not valid JSON and was repaired. */
  repaired(name: string): void;
  /** The model wrote another spelling of the tool's name. */
  respelled(written: string, name: string): void;
}

export interface ReplyEnding {
  /** The service reported that the reply is complete. */
  readonly inOrder: boolean;
  /** The account's replies end with closing events, and this one lacks them. */
  readonly lacksClosing: boolean;
  /** The model reached a limit, so the end of the reply may be cut off. */
  readonly atLimit: boolean;
}

interface Call {
  /** undefined until an event brings it; the block waits for both. */
  toolUseId: string | undefined;
  tool: CalledTool | undefined;
  block: CallBlock | undefined;
  /** The input's fragments, still escaped, so that they are joined and parsed once. */
  readonly fragments: Fragments;
  /** Input that arrived before the block began. */
  early: TextPiece[];
  chars: number;
  /** How many characters of `fragments` were searched for the input's end. */
  searchedChars: number;
  readonly inputEnd: ObjectEnd;
  /** Input that arrived as an object. An empty object often precedes the fragments and means nothing. */
  object: JsonObject | undefined;
  /** The service reported the call complete without giving its input. */
  isStopped: boolean;
  readonly input: EscapedMember;
  readonly strings: StringRepair;
}

/** For the inputs of all incomplete calls: more than any sensible reply has. */
const MAX_INPUT_CHARS = 16 * 1024 * 1024;
/** Incomplete calls. Every event searches them for its own. */
const MAX_OPEN_CALLS = 1_024;

export class ToolUses {
  readonly #blocks: BlockWriter;
  readonly #usage: UsageTally;
  readonly #requiredArguments: OfferedTools['requiredArguments'];
  readonly #called: CalledTools;
  readonly #observer: ToolUseObserver;
  /** Calls not known to be complete, in the order in which they began. */
  readonly #open = new Set<Call>();
  /** The call of the last event; events may leave out the id. */
  #current: Call | undefined;
  readonly #endedIds = new Set<string>();
  #finished = 0;
  /** In the inputs of all open calls, which are kept until they are complete. */
  #openChars = 0;

  constructor(blocks: BlockWriter, usage: UsageTally, tools: OfferedTools, observer: ToolUseObserver) {
    this.#blocks = blocks;
    this.#usage = usage;
    this.#requiredArguments = tools.requiredArguments;
    this.#called = new CalledTools(tools.toolNames);
    this.#observer = observer;
  }

  get finished(): number {
    return this.#finished;
  }

  /** Takes the usual fragment without parsing its frame. False: parse it and use `push`. */
  pushFragment(frame: Frame): boolean {
    const call = this.#current;
    if (!call?.block) return false;
    const escaped = call.input.cut(frame);
    if (escaped === undefined) return false;
    this.#addFragment(call, TextPiece.escaped(escaped));
    return true;
  }

  /** Throws GatewayError `tool_use_truncated` if a call's input is incomplete, `upstream_broken` if it has no name. */
  push(event: ToolUseEvent, json: string): void {
    const toolUseId = name(event.toolUseId);
    const written = name(event.name);
    const tool = written === undefined ? undefined : this.#called.find(written);
    let call = this.#find(toolUseId, tool);
    if (!call) {
      // A repeated end of a call does not start another call.
      if (toolUseId !== undefined && this.#endedIds.has(toolUseId) && !hasInput(event)) return;
      this.finish();
      call = newCall();
      this.#open.add(call);
      if (this.#open.size > MAX_OPEN_CALLS)
        throw new GatewayError(
          'upstream_broken',
          `The model began ${this.#open.size} tool calls without completing one.`,
        );
    }
    this.#current = call;
    call.toolUseId ??= toolUseId;
    call.tool ??= tool;
    this.#takeInput(call, event, json);
    if (event.stop === true) this.#stop(call);
  }

  /** Other content begins: calls whose input is complete by now need no stop. */
  finish(): void {
    // Without calls, which is usual, not even the set's iterator is created.
    if (this.#open.size === 0) return;
    for (const call of this.#open) if (this.#isComplete(call)) this.#end(call);
  }

  /** The reply has ended. Throws like `push` if a call is incomplete. */
  end(ending: ReplyEnding): void {
    for (const call of this.#open) {
      // No JSON object is a prefix of another, so the input is complete unless the reply is known to be cut.
      const isComplete = isEmpty(call) ? this.#meansNoArguments(call, ending) : ending.inOrder || !ending.lacksClosing;
      if (!isComplete) throw truncated();
      this.#end(call);
    }
  }

  #find(toolUseId: string | undefined, tool: CalledTool | undefined): Call | undefined {
    const current = this.#current;
    if (toolUseId !== undefined) {
      for (const call of this.#open) if (call.toolUseId === toolUseId) return call;
      if (current?.toolUseId !== undefined) return undefined;
    }
    const isOther = tool && current?.tool && tool.wireName !== current.tool.wireName;
    return isOther ? undefined : current;
  }

  #takeInput(call: Call, event: ToolUseEvent, json: string): void {
    if (!call.block && call.toolUseId !== undefined && call.tool) this.#start(call, call.toolUseId, call.tool);
    const { input } = event;
    if (typeof input === 'string') {
      call.input.learn(json, input);
      if (input !== '') this.#addFragment(call, TextPiece.plain(input));
    } else if (isJsonObject(input)) {
      call.object = input;
    } else if (input !== undefined && input !== null) {
      throw truncated();
    }
  }

  #addFragment(call: Call, fragment: TextPiece): void {
    const repaired = call.strings.push(fragment);
    call.chars += fragment.escaped.length;
    this.#openChars += fragment.escaped.length;
    if (this.#openChars > MAX_INPUT_CHARS)
      throw new GatewayError('upstream_broken', 'The model wrote more than 16 MiB of incomplete tool input.');
    call.fragments.push(repaired.escaped);
    this.#usage.countText(repaired);
    if (call.block) this.#blocks.toolInput(call.block, repaired);
    else call.early.push(repaired);
  }

  #start(call: Call, toolUseId: string, tool: CalledTool): CallBlock {
    const block = this.#blocks.toolUse(toolUseId, tool.name);
    if (tool.isRespelled) this.#observer.respelled(tool.written, tool.name);
    call.block = block;
    for (const fragment of call.early) this.#blocks.toolInput(block, fragment);
    call.early = [];
    return block;
  }

  /** An empty input can be interpreted only when the reply has ended: the output limit may have cut it off. */
  #stop(call: Call): void {
    call.isStopped = true;
    if (!isEmpty(call)) this.#end(call);
    else if (this.#required(call).length > 0) throw truncated();
  }

  /** A call without arguments is one event with an empty input, and often no stop. */
  #meansNoArguments(call: Call, { inOrder, atLimit }: ReplyEnding): boolean {
    if (atLimit || this.#required(call).length > 0) return false;
    const isOffered = this.#requiredArguments.has(call.tool?.wireName ?? '');
    return call.isStopped || (inOrder && isOffered);
  }

  #required(call: Call): readonly string[] {
    return this.#requiredArguments.get(call.tool?.wireName ?? '') ?? [];
  }

  #isComplete(call: Call): boolean {
    const { fragments, inputEnd, searchedChars } = call;
    if (fragments.isEmpty) return !isEmpty(call);
    if (fragments.chars === searchedChars) return false;
    call.searchedChars = fragments.chars;
    return inputEnd.isIn(unescaped(fragments.from(searchedChars))) && this.#inputOf(call) !== undefined;
  }

  /** undefined until the fragments form one JSON object. */
  #inputOf(call: Call): JsonObject | undefined {
    if (call.fragments.isEmpty) return call.object;
    const input = parseObject(call.fragments);
    if (!input || !call.strings.isRepaired) return input;
    return this.#required(call).every((property) => Object.hasOwn(input, property)) ? input : undefined;
  }

  #end(call: Call): void {
    const block = call.block ?? this.#startLate(call);
    if (!isEmpty(call) && this.#inputOf(call) === undefined) throw truncated();
    if (call.strings.isAmbiguous) throw ambiguous();
    if (call.strings.isRepaired) this.#observer.repaired(block.name);
    if (call.fragments.isEmpty && call.object) {
      const json = TextPiece.plain(JSON.stringify(call.object));
      this.#usage.countText(json);
      this.#blocks.toolInput(block, json);
    }
    this.#blocks.endToolUse(block);
    this.#open.delete(call);
    this.#openChars -= call.chars;
    if (this.#current === call) this.#current = undefined;
    if (call.toolUseId !== undefined) this.#endedIds.add(call.toolUseId);
    this.#finished += 1;
  }

  #startLate(call: Call): CallBlock {
    if (!call.tool) throw new GatewayError('upstream_broken', 'The service sent a tool call without a tool name.');
    // Not seen so far. Any unique id will do, and a client cannot answer without one.
    call.toolUseId ??= `tooluse_${randomUUID().replaceAll('-', '')}`;
    return this.#start(call, call.toolUseId, call.tool);
  }
}

function newCall(): Call {
  return {
    toolUseId: undefined,
    tool: undefined,
    block: undefined,
    fragments: new Fragments(),
    early: [],
    chars: 0,
    searchedChars: 0,
    inputEnd: new ObjectEnd(),
    object: undefined,
    isStopped: false,
    input: new EscapedMember('input'),
    strings: new StringRepair(),
  };
}

function name(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function hasInput({ input }: ToolUseEvent): boolean {
  return typeof input === 'string' ? input.trim() !== '' : input !== undefined && input !== null;
}

function isEmpty({ fragments, object }: Call): boolean {
  return fragments.isEmpty && (object === undefined || Object.keys(object).length === 0);
}

function parseObject(escapedFragments: Fragments): JsonObject | undefined {
  try {
    const input: unknown = JSON.parse(unescaped(escapedFragments.toString()));
    return isJsonObject(input) ? input : undefined;
  } catch {
    return undefined;
  }
}

/** Each fragment is the inside of a JSON string, so their concatenation is one too. */
function unescaped(fragments: string): string {
  return TextPiece.escaped(fragments).plain;
}

function truncated(): GatewayError {
  return new GatewayError(
    'tool_use_truncated',
    'A tool call was cut off before its input was complete, so it was not passed on. ' +
      'Try again; if the input is long, ask for smaller steps.',
  );
}

function ambiguous(): GatewayError {
  return new GatewayError(
    'tool_use_truncated',
    'The model wrote a tool call whose input is not valid JSON and can be read in more than one way, so the call was ' +
      'not passed on. Try again.',
  );
}
