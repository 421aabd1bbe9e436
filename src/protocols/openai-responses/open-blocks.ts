/** Output items that the model is still writing: their events and their final form. */
import { Fragments } from '../../core/fragments.ts';
import type { JsonObject } from '../../core/json.ts';
import { flatText, TextPiece } from '../../core/text.ts';
import { sseEvent } from '../../framing/sse.ts';
import type { Declared } from '../reading/tool-names.ts';
import {
  callItem,
  callPrefix,
  carryReasoning,
  messageItem,
  reasoningItem,
  refusalPart,
  textPart,
} from './output-items.ts';

/** Returns the next sequence number of a response. */
export type Count = () => number;
type EndStatus = 'completed' | 'incomplete';

interface Ended {
  readonly item: JsonObject;
  /** All but `response.output_item.done`. */
  readonly events: string;
}

/** The position of an item in the response, which every event about it contains. */
interface Place {
  readonly id: string;
  readonly index: number;
}

/** A delta event without its text and sequence number. */
class DeltaForm {
  readonly #head: string;
  readonly #tail: string;

  constructor(type: string, fields: JsonObject, tail = '') {
    this.#head = flatText(`event: ${type}\ndata: `, JSON.stringify({ type, ...fields }).slice(0, -1), ',"delta":"');
    this.#tail = `"${tail},"sequence_number":`;
  }

  write(escaped: string, count: Count): string {
    return `${this.#head}${escaped}${this.#tail}${count()}}\n\n`;
  }
}

abstract class TextBlock {
  readonly place: Place;
  isBegun = false;
  readonly #form: DeltaForm;
  readonly #pieces = new Fragments();

  constructor(place: Place, form: DeltaForm) {
    this.place = place;
    this.#form = form;
  }

  abstract begin(count: Count): string;
  abstract end(status: EndStatus, annotations: readonly JsonObject[], count: Count): Ended;
  abstract soFar(status: 'in_progress' | 'incomplete'): JsonObject;

  delta(text: TextPiece, count: Count): string {
    const { escaped } = text;
    this.#pieces.push(escaped);
    return this.#form.write(escaped, count);
  }

  protected get text(): string {
    return TextPiece.escaped(String(this.#pieces)).plain;
  }

  protected added(item: JsonObject, count: Count): string {
    this.isBegun = true;
    return event('response.output_item.added', { output_index: this.place.index, item }, count);
  }
}

export class MessageBlock extends TextBlock {
  readonly #at: JsonObject;

  constructor(place: Place) {
    const at = { item_id: place.id, output_index: place.index, content_index: 0 };
    super(place, new DeltaForm('response.output_text.delta', at, ',"logprobs":[]'));
    this.#at = at;
  }

  override begin(count: Count): string {
    const added = this.added(messageItem(this.place.id, 'in_progress', []), count);
    return added + event('response.content_part.added', { ...this.#at, part: textPart('') }, count);
  }

  override end(status: EndStatus, annotations: readonly JsonObject[], count: Count): Ended {
    const at = this.#at;
    const part = textPart(this.text, annotations);
    const cited = annotations.map((annotation, i) =>
      event('response.output_text.annotation.added', { ...at, annotation_index: i, annotation }, count),
    );
    const done = event('response.output_text.done', { ...at, text: this.text, logprobs: [] }, count);
    const partDone = event('response.content_part.done', { ...at, part }, count);
    return { item: messageItem(this.place.id, status, [part]), events: cited.join('') + done + partDone };
  }

  override soFar(status: 'in_progress' | 'incomplete'): JsonObject {
    return messageItem(this.place.id, status, [textPart(this.text)]);
  }
}

/** A message that explains a refusal. Its text arrives at once, as one delta. */
export function refusalMessage({ id, index }: Place, refusal: string, count: Count): Ended {
  const at = { item_id: id, output_index: index, content_index: 0 };
  const item = messageItem(id, 'completed', [refusalPart(refusal)]);
  const begun = messageItem(id, 'in_progress', []);
  const events = [
    event('response.output_item.added', { output_index: index, item: begun }, count),
    event('response.content_part.added', { ...at, part: refusalPart('') }, count),
    event('response.refusal.delta', { ...at, delta: refusal }, count),
    event('response.refusal.done', { ...at, refusal }, count),
    event('response.content_part.done', { ...at, part: refusalPart(refusal) }, count),
  ];
  return { item, events: events.join('') };
}

export class ReasoningBlock extends TextBlock {
  /** The service's signature, which comes last. */
  signature: string | undefined;
  readonly #at: JsonObject;

  constructor(place: Place) {
    const at = { item_id: place.id, output_index: place.index, summary_index: 0 };
    super(place, new DeltaForm('response.reasoning_summary_text.delta', at));
    this.#at = at;
  }

  override begin(count: Count): string {
    const added = this.added(reasoningItem(this.place.id, 'in_progress', '', undefined), count);
    return added + event('response.reasoning_summary_part.added', { ...this.#at, part: summaryPart('') }, count);
  }

  override end(status: EndStatus, _annotations: readonly JsonObject[], count: Count): Ended {
    const { text } = this;
    const done = event('response.reasoning_summary_text.done', { ...this.#at, text }, count);
    const partDone = event('response.reasoning_summary_part.done', { ...this.#at, part: summaryPart(text) }, count);
    const item = reasoningItem(this.place.id, status, text, carryReasoning(text, this.signature));
    return { item, events: done + partDone };
  }

  override soFar(status: 'in_progress' | 'incomplete'): JsonObject {
    return reasoningItem(this.place.id, status, this.text, undefined);
  }
}

export class CallBlock {
  readonly #declared: Declared;
  readonly #callId: string;
  readonly #place: Place;
  readonly #form: DeltaForm;
  readonly #pieces = new Fragments();

  /** `itemId`: returns the item's id for a prefix. */
  constructor(declared: Declared, callId: string, index: number, itemId: (prefix: string) => string) {
    this.#declared = declared;
    this.#callId = callId;
    this.#place = { id: itemId(callPrefix(declared)), index };
    this.#form = new DeltaForm('response.function_call_arguments.delta', this.#at);
  }

  /** Calls of typed tools are sent when complete, because their partial input has no format. */
  begin(count: Count): string {
    return this.#isNamed ? this.#added(undefined, count) : '';
  }

  delta(json: TextPiece, count: Count): string {
    if (json.isEmpty) return '';
    const { escaped } = json;
    this.#pieces.push(escaped);
    return this.#declared.kind === 'function' ? this.#form.write(escaped, count) : '';
  }

  end(count: Count): Ended {
    // Arguments are JSON text even if the model wrote none.
    const json = TextPiece.escaped(String(this.#pieces)).plain || '{}';
    const item = callItem(this.#place.id, this.#declared, this.#callId, json);
    return { item, events: this.#endEvents(item, json, count) };
  }

  #endEvents(item: JsonObject, json: string, count: Count): string {
    switch (this.#declared.kind) {
      case 'function': {
        const delta = this.#pieces.isEmpty ? this.#form.write('{}', count) : '';
        return delta + event('response.function_call_arguments.done', { ...this.#at, arguments: json }, count);
      }
      case 'custom': {
        const input = String(item.input);
        const delta = event('response.custom_tool_call_input.delta', { ...this.#at, delta: input }, count);
        return delta + event('response.custom_tool_call_input.done', { ...this.#at, input }, count);
      }
      default:
        return this.#added(json, count);
    }
  }

  #added(json: string | undefined, count: Count): string {
    const item = callItem(this.#place.id, this.#declared, this.#callId, json);
    const begun = { ...item, status: 'in_progress' };
    return event('response.output_item.added', { output_index: this.#place.index, item: begun }, count);
  }

  get #isNamed(): boolean {
    return this.#declared.kind === 'function' || this.#declared.kind === 'custom';
  }

  get #at(): JsonObject {
    return { item_id: this.#place.id, output_index: this.#place.index };
  }
}

function summaryPart(text: string): JsonObject {
  return { type: 'summary_text', text };
}

function event(type: string, fields: JsonObject, count: Count): string {
  return sseEvent(type, JSON.stringify({ type, sequence_number: count(), ...fields }));
}
