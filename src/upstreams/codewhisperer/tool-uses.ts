/**
 * Puts the model's tool calls together from `toolUseEvent`s. A call is passed on fragment by fragment, but it is only
 * ended when its input is one whole JSON object: a cut-off call becomes an error, never a call with half an input.
 */
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import { TextPiece } from '../../core/text.ts';
import type { BlockWriter } from './block-writer.ts';
import { EscapedMember } from './escaped-member.ts';
import type { UsageTally } from './usage.ts';
import type { EventPayloads, Untrusted } from './wire-events.ts';

type ToolUseEvent = Untrusted<EventPayloads['toolUseEvent']>;

interface Call {
  /** Undefined until an event has told it; the start waits for both. */
  toolUseId: string | undefined;
  wireName: string | undefined;
  started: boolean;
  /** The input's fragments, still escaped, so that joining and parsing them costs once. */
  readonly fragments: string[];
  chars: number;
  /** An input which came as an object. An empty one often stands before the fragments and says nothing. */
  whole: unknown;
  readonly input: EscapedMember;
}

/** More than any frame or reply could sensibly hold. */
const MAX_INPUT_CHARS = 16 * 1024 * 1024;

export class ToolUses {
  readonly #blocks: BlockWriter;
  readonly #usage: UsageTally;
  readonly #toolNames: ReadonlyMap<string, string>;
  #call: Call | undefined;
  #finished = 0;
  #lastId: string | undefined;

  constructor(blocks: BlockWriter, usage: UsageTally, toolNames: ReadonlyMap<string, string>) {
    this.#blocks = blocks;
    this.#usage = usage;
    this.#toolNames = toolNames;
  }

  get finished(): number {
    return this.#finished;
  }

  /** Takes the usual fragment without parsing its frame. False: parse it and use `push`. */
  pushFragment(json: string): boolean {
    const call = this.#call;
    if (!call?.started) return false;
    const escaped = call.input.cut(json);
    if (escaped === undefined) return false;
    this.#addFragment(call, TextPiece.escaped(escaped));
    return true;
  }

  /** Throws GatewayError `tool_use_truncated` for a call whose input is not whole, `upstream_broken` for a nameless one. */
  push(event: ToolUseEvent, json: string): void {
    const toolUseId = name(event.toolUseId);
    const wireName = name(event.name);
    if (this.#belongsToOther(toolUseId, wireName)) this.finish();
    // A repeated end of the call before is no call of its own.
    if (!this.#call && event.stop === true && toolUseId === this.#lastId && !hasInput(event)) return;
    this.#call ??= newCall();
    const call = this.#call;
    call.toolUseId ??= toolUseId;
    call.wireName ??= wireName;
    this.#takeInput(call, event, json);
    if (event.stop === true) this.#end(call);
  }

  /** Something else begins although the call was never stopped: fine if its input is whole. */
  finish(): void {
    const call = this.#call;
    if (!call) return;
    // Nothing at all, or an empty object, may be all that came of a longer input.
    if (call.fragments.length === 0 && !hasMembers(call.whole)) throw truncated();
    this.#end(call);
  }

  /** The reply is over. A call without its stop may lack anything, so it is not believed even when it parses. */
  end(): void {
    if (this.#call) throw truncated();
  }

  #belongsToOther(toolUseId: string | undefined, wireName: string | undefined): boolean {
    const call = this.#call;
    if (!call) return false;
    if (toolUseId !== undefined && call.toolUseId !== undefined) return toolUseId !== call.toolUseId;
    return wireName !== undefined && call.wireName !== undefined && wireName !== call.wireName;
  }

  #takeInput(call: Call, event: ToolUseEvent, json: string): void {
    if (!call.started && call.toolUseId !== undefined && call.wireName !== undefined) this.#start(call);
    const { input } = event;
    if (typeof input === 'string') {
      call.input.learn(json, input);
      if (input !== '') this.#addFragment(call, TextPiece.plain(input));
    } else if (input !== undefined && input !== null) {
      call.whole = input;
    }
  }

  #addFragment(call: Call, fragment: TextPiece): void {
    call.chars += fragment.escaped.length;
    if (call.chars > MAX_INPUT_CHARS)
      throw new GatewayError('upstream_broken', 'The model wrote more than 16 MiB as the input of one tool call.');
    call.fragments.push(fragment.escaped);
    this.#usage.countText(fragment);
    if (call.started) this.#blocks.toolInput(fragment);
  }

  #start(call: Call): void {
    const { toolUseId = '', wireName = '' } = call;
    this.#blocks.toolUse(toolUseId, this.#toolNames.get(wireName) ?? wireName);
    call.started = true;
    for (const fragment of call.fragments) this.#blocks.toolInput(TextPiece.escaped(fragment));
  }

  #end(call: Call): void {
    this.#startLate(call);
    if (call.fragments.length > 0) {
      if (!isWholeObject(call.fragments)) throw truncated();
    } else if (call.whole !== undefined) {
      if (!isJsonObject(call.whole)) throw truncated();
      this.#addFragment(call, TextPiece.plain(JSON.stringify(call.whole)));
    }
    this.#blocks.close();
    this.#call = undefined;
    this.#finished += 1;
    this.#lastId = call.toolUseId;
  }

  #startLate(call: Call): void {
    if (call.started) return;
    if (call.wireName === undefined)
      throw new GatewayError('upstream_broken', 'The service sent a tool call without the name of a tool.');
    // Never seen; but the id is ours to give as well as the service's, and a client cannot answer without one.
    call.toolUseId ??= `tooluse_${randomUUID().replaceAll('-', '')}`;
    this.#start(call);
  }
}

function newCall(): Call {
  return {
    toolUseId: undefined,
    wireName: undefined,
    started: false,
    fragments: [],
    chars: 0,
    whole: undefined,
    input: new EscapedMember('input'),
  };
}

function name(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function hasInput({ input }: ToolUseEvent): boolean {
  return input !== undefined && input !== null && input !== '';
}

function hasMembers(value: unknown): boolean {
  return isJsonObject(value) && Object.keys(value).length > 0;
}

function isWholeObject(escapedFragments: readonly string[]): boolean {
  try {
    // Each fragment is the inside of a JSON string, hence so is their sequence.
    const json: unknown = JSON.parse(`"${escapedFragments.join('')}"`);
    return typeof json === 'string' && isJsonObject(JSON.parse(json));
  } catch {
    return false;
  }
}

function truncated(): GatewayError {
  return new GatewayError(
    'tool_use_truncated',
    'The model began a tool call and its input broke off, so the call was not passed on. ' +
      'Try again; if the input is long, ask for the work in smaller steps.',
  );
}
