/**
 * The messy sessions with every part in a random dialect, as Cursor and converters in front of a gateway mix them: one
 * message from Anthropic's API, the next from OpenAI's, a picture from MCP in a result of the AI SDK. The same session
 * and seed give the same request, so that a longer session begins with the text of a shorter one.
 */
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { unreachable } from '../../src/core/unreachable.ts';
import {
  CALL_DIALECTS,
  IMAGE_DIALECTS,
  RESULT_DIALECTS,
  TEXT_DIALECTS,
  TOOL_CHOICES,
  TOOL_DIALECTS,
} from './dialects.ts';
import { Markers, PNG, type Session, type Step, sessionMarker, type WrittenSession } from './messy-sessions.ts';

export interface MixedSession extends WrittenSession {
  /** Base64 of the pictures that must be in the request that reaches the service, all different. */
  readonly pictures: readonly string[];
  /** The bytes or the text of each. */
  readonly documents: readonly MixedDocument[];
}

interface MixedDocument {
  /** Base64. */
  readonly data: string;
  readonly text: string;
}

export type MixedEndpoint = 'chat' | 'responses' | 'messages';

export function writeMixed(session: Session, endpoint: MixedEndpoint, dice: readonly number[]): MixedSession {
  const writer = new MixedWriter(session.number, dice);
  const system = `${sessionMarker(session.number)} ${writer.markers.plant('system ')}`;
  const opening = writer.pick(OPENINGS)(endpoint, system);
  const messages = [...opening.messages, ...session.steps.flatMap((step) => writer.step(step))];
  const list = endpoint === 'responses' ? ['input', 'messages'] : ['messages', 'input'];
  const tools = session.tools.map((tool) => writer.pick(Object.values(TOOL_DIALECTS))(tool));
  const choices = TOOL_CHOICES.filter(({ means }) => means === 'auto');
  return {
    body: asJson({
      model: 'claude-sonnet-4.5',
      ...(endpoint === 'messages' ? { max_tokens: 32_000 } : {}),
      ...opening.fields,
      [writer.pick(list)]: messages,
      ...(tools.length === 0 ? {} : { tools, tool_choice: writer.pick(choices).value('') }),
    }),
    markers: writer.markers.all,
    pictures: writer.pictures,
    documents: writer.documents,
  };
}

interface Opening {
  readonly fields: object;
  readonly messages: readonly object[];
}

/** Where the system text is. */
const OPENINGS: readonly ((endpoint: MixedEndpoint, text: string) => Opening)[] = [
  (endpoint, text) => ({ fields: { [endpoint === 'messages' ? 'system' : 'instructions']: text }, messages: [] }),
  (_endpoint, text) => ({ fields: { instructions: text }, messages: [] }),
  (_endpoint, text) => ({ fields: { system: [{ type: 'text', text }] }, messages: [] }),
  (_endpoint, text) => ({ fields: {}, messages: [{ role: 'system', content: text }] }),
  (_endpoint, text) => ({
    fields: {},
    messages: [{ type: 'message', role: 'developer', content: [{ type: 'input_text', text }] }],
  }),
];

class MixedWriter {
  readonly markers: Markers;
  readonly pictures: string[] = [];
  readonly documents: MixedDocument[] = [];
  readonly #number: number;
  readonly #dice: readonly number[];
  #thrown = 0;

  constructor(number: number, dice: readonly number[]) {
    this.#number = number;
    this.markers = new Markers(number);
    this.#dice = dice;
  }

  pick<T>(choices: readonly T[]): T {
    const die = this.#dice[this.#thrown++ % this.#dice.length] ?? 0;
    const choice = choices[die % choices.length];
    if (choice === undefined) throw new Error('There is nothing to choose from.');
    return choice;
  }

  step(step: Step): readonly object[] {
    switch (step.type) {
      case 'user':
        return [this.#user(step)];
      case 'assistant': {
        const text = step.text && this.markers.plant(step.text);
        const [first = { role: 'assistant', content: text }, ...rest] = this.pick(Object.values(CALL_DIALECTS))(
          text,
          step.calls,
        );
        return [...(step.reasoning ? this.pick(REASONING)(first) : [first]), ...rest];
      }
      case 'results': {
        const messages = step.results.flatMap(({ id, text, image }) => {
          const blocks = image ? [this.#image(image === 'wrong-type')] : [];
          const result = { id, name: 'read_file', text: text && this.markers.plant(text), blocks };
          return this.pick(Object.values(RESULT_DIALECTS))([result]);
        });
        if (step.text === undefined) return messages;
        return [...messages, this.#message('user', [this.#text(step.text)])];
      }
      case 'system':
        return [this.#message(this.pick(['system', 'developer']), [this.#text(step.text)])];
      default:
        return unreachable(step);
    }
  }

  #user({ texts, image, document }: Extract<Step, { type: 'user' }>): object {
    const blocks = texts.map((text) => this.#text(text));
    if (image) blocks.unshift(this.#image(image === 'wrong-type'));
    if (document) blocks.push(this.#document());
    return this.#message('user', blocks);
  }

  #message(role: string, blocks: readonly (object | string)[]): object {
    const content = this.pick([
      blocks,
      blocks,
      blocks.length === 1 && typeof blocks[0] === 'string' ? blocks[0] : blocks,
    ]);
    return this.pick([
      { role, content },
      { type: 'message', role, content },
    ]);
  }

  #text(text: string): object | string {
    return this.pick(Object.values(TEXT_DIALECTS))(text && this.markers.plant(text));
  }

  #document(): object {
    const text = `document ${this.documents.length} of ${this.#number}.`;
    this.documents.push({ text, data: Buffer.from(text).toString('base64') });
    return this.pick(DOCUMENTS)(text);
  }

  /** Bytes after a PNG's end do not belong to it, but make its data unique. */
  #image(isDeclaredWrongly: boolean): object {
    const own = Buffer.from(`picture ${this.pictures.length}`.padEnd(12));
    const data = Buffer.concat([Buffer.from(PNG, 'base64'), own]).toString('base64');
    this.pictures.push(data);
    const mediaType = isDeclaredWrongly ? 'image/jpeg' : 'image/png';
    return this.pick(Object.values(IMAGE_DIALECTS))({ mediaType, data });
  }
}

/** Reasoning in or before the model's message, of another service and so not required to arrive. */
const REASONING: readonly ((message: object) => readonly object[])[] = [
  (message) => [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAforeign' }, message],
  (message) => [{ ...message, ...('role' in message ? { reasoning_content: 'private' } : {}) }],
  (message) => [
    { role: 'assistant', content: [{ type: 'thinking', thinking: 'private', signature: 'from-another-vendor' }] },
    message,
  ],
  (message) => [{ role: 'assistant', content: [{ type: 'thinking', signature: 's' }] }, message],
];

const DOCUMENTS: readonly ((text: string) => object)[] = [
  (data) => ({ type: 'document', source: { type: 'text', media_type: 'text/plain', data } }),
  (text) => ({ type: 'file', file: { filename: 'a.txt', file_data: textUrl(text) } }),
  (text) => ({ type: 'input_file', filename: 'a.txt', file_data: textUrl(text) }),
  (text) => ({ type: 'brand_new_block', text }),
];

function textUrl(text: string): string {
  return `data:text/plain;base64,${Buffer.from(text).toString('base64')}`;
}

/** As sent over the wire, without undefined members. */
function asJson(value: object): JsonObject {
  const json: Record<string, JsonValue> = JSON.parse(JSON.stringify(value));
  return json;
}
