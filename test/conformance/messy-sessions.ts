/**
 * Conversations as agents really send them: consecutive turns of one role, results split over messages, orphans, prefill,
 * empty parts, unknown blocks. A session is generated once and written in every client protocol. Each text of a person, a
 * tool or the model has a marker; `markers` lists those that must reach the service.
 */
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { unreachable } from '../../src/core/unreachable.ts';

export type Step =
  | {
      readonly type: 'user';
      readonly texts: readonly string[];
      readonly image?: ImageKind;
      readonly document?: boolean;
    }
  | { readonly type: 'assistant'; readonly text: string; readonly reasoning: boolean; readonly calls: readonly Call[] }
  | { readonly type: 'results'; readonly results: readonly Result[]; readonly text: string | undefined }
  | { readonly type: 'system'; readonly text: string };

interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
}

interface Result {
  readonly id: string;
  readonly text: string;
  readonly isError: boolean;
  readonly image?: ImageKind;
}

/** `wrong-type`: a PNG declared as a JPEG; `broken`: bytes that are not an image. */
export type ImageKind = 'png' | 'wrong-type' | 'broken';

export interface Session {
  readonly number: number;
  readonly steps: readonly Step[];
  readonly tools: readonly { readonly name: string; readonly description: string; readonly schema: JsonObject }[];
}

export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
export const BROKEN = Buffer.from('this is no picture').toString('base64');

const TOOL_NAMES = [
  'read_file',
  'Read',
  'mcp__server.name__do-it',
  'a'.repeat(70),
  'name with spaces',
  '9starts_with_digit',
  'READ',
  'über',
];

const SCHEMAS: readonly JsonObject[] = [
  { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: {}, required: [] },
  {
    anyOf: [
      { type: 'object', properties: { a: { type: 'string' } } },
      { type: 'object', properties: { b: { type: 'number' } } },
    ],
  },
  {
    type: 'object',
    properties: { node: { $ref: '#/$defs/node' } },
    $defs: { node: { type: 'object', properties: { child: { $ref: '#/$defs/node' } } } },
  },
  { type: 'object', properties: null as JsonValue },
  {},
];

/** Ids from other providers, too long, with characters the service refuses, empty, and repeated. */
const idArbitrary = fc.constantFrom(
  'call_1',
  'call_2',
  'toolu_01ABC',
  'a.b:c/d',
  'x'.repeat(100),
  'fc_späße',
  'call_3',
  'call_4',
);

const inputArbitrary: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  {},
  { path: 'a.txt' },
  { '': 1 },
  { deep: { list: [1, null, 'x'] } },
);

const imageArbitrary: fc.Arbitrary<ImageKind | undefined> = fc.oneof(
  { weight: 80, arbitrary: fc.constant(undefined) },
  { weight: 16, arbitrary: fc.constant<ImageKind>('png') },
  { weight: 3, arbitrary: fc.constant<ImageKind>('wrong-type') },
  { weight: 1, arbitrary: fc.constant<ImageKind>('broken') },
);

/** White space, empty text, ordinary words, difficult characters. */
const fillArbitrary = fc.constantFrom(
  '',
  ' ',
  '\n',
  'please',
  '你好 🌍',
  '\ud83d alone',
  '"quoted" \\ {}',
  '<thinking>',
  'x'.repeat(300),
);

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('user' as const),
      texts: fc.array(fillArbitrary, { maxLength: 3 }),
      image: imageArbitrary,
      document: fc.constantFrom(undefined, undefined, undefined, undefined, true),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('assistant' as const),
      text: fillArbitrary,
      reasoning: fc.boolean(),
      calls: fc.array(fc.record({ id: idArbitrary, name: fc.constantFrom(...TOOL_NAMES), input: inputArbitrary }), {
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('results' as const),
      results: fc.array(
        fc.record({ id: idArbitrary, text: fillArbitrary, isError: fc.boolean(), image: imageArbitrary }),
        { minLength: 1, maxLength: 3 },
      ),
      text: fc.option(fillArbitrary, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('system' as const), text: fillArbitrary }) },
) as fc.Arbitrary<Step>; // fc.record types optional members as `T | undefined`; writers treat both alike

export const sessionArbitrary: fc.Arbitrary<Omit<Session, 'number'>> = fc.record({
  steps: fc.array(stepArbitrary, { minLength: 1, maxLength: 12 }),
  tools: fc.array(
    fc.record({
      name: fc.constantFrom(...TOOL_NAMES),
      description: fc.constantFrom('', 'Reads.', 'd'.repeat(12_000)),
      schema: fc.constantFrom(...SCHEMAS),
    }),
    { maxLength: 4 },
  ),
});

export interface WrittenSession {
  readonly body: JsonObject;
  /** Texts that must be in the request that reaches the service. */
  readonly markers: readonly string[];
}

/** Creates markers that no JSON writer escapes, unique in the run. */
export class Markers {
  readonly all: string[] = [];
  readonly #session: number;

  constructor(session: number) {
    this.#session = session;
  }

  plant(text: string): string {
    const marker = `m${this.#session}x${this.all.length}e`;
    this.all.push(marker);
    return `${text}${marker}`;
  }
}

export function sessionMarker(number: number): string {
  return `session${number}end`;
}

export function writeAnthropic(session: Session): WrittenSession {
  const markers = new Markers(session.number);
  const system = `${sessionMarker(session.number)} ${markers.plant('system ')}`;
  const image = (kind: ImageKind): JsonObject => ({
    type: 'image',
    source: {
      type: 'base64',
      media_type: kind === 'wrong-type' ? 'image/jpeg' : 'image/png',
      data: kind === 'broken' ? BROKEN : PNG,
    },
  });
  const messages = session.steps.map((step): JsonObject => {
    switch (step.type) {
      case 'user': {
        const blocks: JsonObject[] = step.texts.map((text) => ({ type: 'text', text: text && markers.plant(text) }));
        if (step.image) blocks.unshift(image(step.image));
        if (step.document)
          blocks.push({
            type: 'document',
            source: { type: 'text', media_type: 'text/plain', data: markers.plant('document ') },
          });
        return {
          role: 'user',
          content: blocks.length === 1 && blocks[0]?.type === 'text' ? (blocks[0].text ?? '') : blocks,
        };
      }
      case 'assistant': {
        const blocks: JsonObject[] = [];
        if (step.reasoning) blocks.push({ type: 'thinking', thinking: 'private', signature: 'from-another-vendor' });
        if (step.text) blocks.push({ type: 'text', text: markers.plant(step.text) });
        for (const call of step.calls)
          blocks.push({ type: 'tool_use', id: call.id, name: call.name, input: call.input });
        return { role: 'assistant', content: blocks };
      }
      case 'results': {
        const blocks: JsonObject[] = step.results.map((result) => ({
          type: 'tool_result',
          tool_use_id: result.id,
          is_error: result.isError,
          content: [
            { type: 'text', text: result.text && markers.plant(result.text) },
            ...(result.image ? [image(result.image)] : []),
          ],
        }));
        if (step.text !== undefined) blocks.push({ type: 'text', text: step.text && markers.plant(step.text) });
        return { role: 'user', content: blocks };
      }
      case 'system':
        return { role: 'system', content: markers.plant(step.text) };
      default:
        return unreachable(step);
    }
  });
  return {
    body: {
      model: 'claude-sonnet-4.5',
      max_tokens: 32_000,
      system: [{ type: 'text', text: system }],
      messages,
      ...(session.tools.length > 0
        ? { tools: session.tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema })) }
        : {}),
    },
    markers: markers.all,
  };
}

export function writeOpenAi(session: Session): WrittenSession {
  const markers = new Markers(session.number);
  const system = `${sessionMarker(session.number)} ${markers.plant('system ')}`;
  const image = (kind: ImageKind): JsonObject => ({
    type: 'image_url',
    image_url: {
      url: `data:image/${kind === 'wrong-type' ? 'jpeg' : 'png'};base64,${kind === 'broken' ? BROKEN : PNG}`,
    },
  });
  const messages = session.steps.flatMap((step): JsonObject[] => {
    switch (step.type) {
      case 'user': {
        const parts: JsonObject[] = step.texts.map((text) => ({ type: 'text', text: text && markers.plant(text) }));
        if (step.image) parts.unshift(image(step.image));
        return [
          { role: 'user', content: parts.length === 1 && parts[0]?.type === 'text' ? (parts[0].text ?? '') : parts },
        ];
      }
      case 'assistant':
        return [
          {
            role: 'assistant',
            content: step.text ? markers.plant(step.text) : null,
            ...(step.reasoning ? { reasoning_content: 'private' } : {}),
            ...(step.calls.length > 0
              ? {
                  tool_calls: step.calls.map(({ id, name, input }) => ({
                    id,
                    type: 'function',
                    function: { name, arguments: JSON.stringify(input) },
                  })),
                }
              : {}),
          },
        ];
      case 'results': {
        const results: JsonObject[] = step.results.map((result) => ({
          role: 'tool',
          tool_call_id: result.id,
          content: result.text && markers.plant(result.text),
        }));
        return step.text === undefined
          ? results
          : [...results, { role: 'user', content: step.text && markers.plant(step.text) }];
      }
      case 'system':
        return [{ role: 'developer', content: markers.plant(step.text) }];
      default:
        return unreachable(step);
    }
  });
  return {
    body: {
      model: 'claude-sonnet-4.5',
      messages: [{ role: 'system', content: system }, ...messages],
      ...(session.tools.length > 0
        ? {
            tools: session.tools.map(({ name, description, schema }) => ({
              type: 'function',
              function: { name, description, parameters: schema },
            })),
          }
        : {}),
    },
    markers: markers.all,
  };
}
