/** From a client's body to the service's, turn by turn, with and without what the gateway remembers of earlier turns. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { knownTexts } from '../src/core/known-texts.ts';
import { runAtOnce } from '../src/core/steps.ts';
import { conversationIdsOf } from '../src/gateway/affinity.ts';
import { type ListObserver, scanWithinLimits } from '../src/http/json-limits.ts';
import { KnownBodies } from '../src/http/known-bodies.ts';
import { PROTOCOLS } from '../src/protocols/index.ts';
import { encodeChat } from '../src/upstreams/codewhisperer/encode.ts';
import { knownSchemas } from '../src/upstreams/codewhisperer/known-schemas.ts';
import { INVOCATION } from './support/codewhisperer.ts';

interface Round {
  readonly question: string;
  readonly answer: string;
  readonly call:
    | { readonly tool: number; readonly path: string; readonly result: string; readonly failed: boolean }
    | undefined;
}

/** Long enough to be remembered, or not; some with characters that JSON escapes or UTF-8 writes in several bytes. */
const text = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), fc.constantFrom(1, 60, 400))
  .map(([piece, times]) => `${piece} `.repeat(times));
const call = fc.record({ tool: fc.nat(3), path: text, result: text, failed: fc.boolean() });
const rounds = fc.array(fc.record({ question: text, answer: text, call: fc.option(call, { nil: undefined }) }), {
  minLength: 2,
  maxLength: 6,
});

/** The wide description makes every body long enough to be remembered; the schemas need rewriting. */
const schema = (index: number) => ({
  type: 'object',
  properties: { path: { $ref: '#/$defs/path' }, [`number${index}`]: { type: 'integer', exclusiveMinimum: 0 } },
  required: index % 2 === 0 ? ['path'] : [],
  additionalProperties: false,
  $defs: { path: { type: 'string', description: '日本語の説明 "path"' } },
});
const TOOLS = Array.from({ length: 4 }, (_, index) => ({
  name: `tool_${index}`,
  description: `Reads "files" of kind ${index}.\n`.repeat(200),
  schema: schema(index),
}));

type BodyOf = (rounds: readonly Round[]) => object;

const chatBody: BodyOf = (turns) => ({
  model: 'claude-sonnet-4.5',
  messages: [
    { role: 'system', content: 'Be brief. '.repeat(50) },
    ...turns.flatMap(({ question, answer, call }, index) => [
      { role: 'user', content: question },
      ...(index === turns.length - 1 ? [] : [chatAnswer(answer, call, index)]),
      ...(index === turns.length - 1 || !call
        ? []
        : [{ role: 'tool', tool_call_id: `call_${index}`, content: call.result }]),
    ]),
  ],
  tools: TOOLS.map(({ name, description, schema: parameters }) => ({
    type: 'function',
    function: { name, description, parameters },
  })),
});

function chatAnswer(content: string, call: Round['call'], index: number) {
  if (!call) return { role: 'assistant', content };
  const called = { name: `tool_${call.tool}`, arguments: JSON.stringify({ path: call.path }) };
  return { role: 'assistant', content, tool_calls: [{ id: `call_${index}`, type: 'function', function: called }] };
}

const messagesBody: BodyOf = (turns) => ({
  model: 'claude-sonnet-4.5',
  max_tokens: 1_000,
  system: [{ type: 'text', text: 'Be brief. '.repeat(50), cache_control: { type: 'ephemeral' } }],
  messages: turns.flatMap(({ question, answer, call }, index) => {
    const before = turns[index - 1]?.call;
    const id = `call_${index - 1}`;
    const result = before && { type: 'tool_result', tool_use_id: id, content: before.result, is_error: before.failed };
    const use = call && {
      type: 'tool_use',
      id: `call_${index}`,
      name: `tool_${call.tool}`,
      input: { path: call.path },
    };
    const asked = { role: 'user', content: [...(result ? [result] : []), { type: 'text', text: question }] };
    const replied = { role: 'assistant', content: [{ type: 'text', text: answer }, ...(use ? [use] : [])] };
    return index === turns.length - 1 ? [asked] : [asked, replied];
  }),
  tools: TOOLS.map(({ name, description, schema: inputSchema }) => ({ name, description, input_schema: inputSchema })),
});

const BODIES: readonly (readonly [string, BodyOf])[] = [
  ['openai-chat', chatBody],
  ['anthropic-messages', messagesBody],
];

interface Encoded {
  readonly bytes: Buffer;
  readonly adjustments: unknown;
  readonly inputTokens: unknown;
  readonly scannedElements: number;
}

async function encode(
  protocolId: string,
  body: object,
  known: KnownBodies,
  stringify: (body: object) => string = JSON.stringify,
): Promise<Encoded> {
  const protocol = PROTOCOLS.find(({ id }) => id === protocolId);
  const json = Buffer.from(stringify(body));
  const reader = known.reader(json);
  if (!protocol || !reader) throw new Error('the body is too short to be remembered');
  let scannedElements = 0;
  const observer: ListObserver = {
    begin: (key, start) => reader.begin(key, start),
    endElement: (...element) => {
      scannedElements += 1;
      reader.endElement(...element);
    },
  };
  const value = await reader.parse(await scanWithinLimits(json, observer));
  const request = runAtOnce(protocol.parseRequest(value, { header: () => undefined, nowMs: 0 }));
  if (!('conversation' in request)) throw new Error('the protocol read no conversation');
  const { conversation } = request;
  const encoded = runAtOnce(
    encodeChat(conversation, {
      access: {
        region: 'us-east-1',
        profileArn: undefined,
        wireProfile: 'q-rest',
        baseUrl: undefined,
        kind: 'builder-id',
      },
      model: {
        match: 'unlisted',
        id: 'm',
        model: undefined,
        reasoning: { thinking: undefined, effort: undefined, budgetTokens: undefined },
        adjustments: [],
      },
      ids: runAtOnce(conversationIdsOf('client', conversation)),
      invocation: INVOCATION,
      sendEnvironment: false,
      withoutReasoningHistory: false,
      recoverToolCalls: false,
    }),
  );
  return {
    bytes: Buffer.from(encoded.request.body ?? ''),
    adjustments: [request.adjustments, encoded.adjustments],
    inputTokens: encoded.inputTokens,
    scannedElements,
  };
}

beforeEach(() => knownTexts.clear());

describe.each(BODIES)('the next turns of a conversation: %s', (protocolId, bodyOf) => {
  it('are the same bytes, notes and estimates as without the turns before', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        const known = new KnownBodies();
        const warm: Encoded[] = [];
        for (let count = 1; count <= all.length; count++)
          warm.push(await encode(protocolId, bodyOf(all.slice(0, count)), known));
        for (const [index, encoded] of warm.entries()) {
          knownTexts.clear();
          const cold = await encode(protocolId, bodyOf(all.slice(0, index + 1)), new KnownBodies());
          expect(encoded.bytes.equals(cold.bytes)).toBe(true);
          expect({ ...encoded, bytes: 0, scannedElements: 0 }).toEqual({ ...cold, bytes: 0, scannedElements: 0 });
        }
      }),
      { seed: 42, numRuns: 60 },
    );
  });

  it.each([
    ['scan, parse and rewrite only what is new, and serialise none of it', JSON.stringify, 0],
    // An answer, a result and a question.
    [
      'scan, parse, rewrite and serialise only what is new where it is escaped otherwise',
      (body: object) => JSON.stringify(body).replaceAll(' ', '\\u0020'),
      3,
    ],
  ] as const)('%s', async (_what, stringify, serialized) => {
    const words = (name: string) => `${name} `.repeat(100);
    const all = Array.from({ length: 20 }, (_, index): Round => {
      const call = { tool: index % 4, path: `${index}`, result: words(`result ${index}`), failed: false };
      return { question: words(`question ${index}`), answer: words(`answer ${index}`), call };
    });
    const known = new KnownBodies();
    await encode(protocolId, bodyOf(all.slice(0, 10)), known, stringify);
    for (let count = 11; count <= all.length; count++) {
      const before = { serialized: knownTexts.serialized, sanitized: knownSchemas.sanitizedCount };
      const { scannedElements } = await encode(protocolId, bodyOf(all.slice(0, count)), known, stringify);
      expect(knownTexts.serialized - before.serialized).toBe(serialized);
      expect(knownSchemas.sanitizedCount - before.sanitized).toBe(0);
      expect(scannedElements).toBe(protocolId === 'openai-chat' ? 3 : 2);
    }
  });
});
