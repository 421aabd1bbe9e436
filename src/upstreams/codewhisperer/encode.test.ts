import { getHeapSpaceStatistics } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INVOCATION, listed, notesOf, OPUS } from '../../../test/support/codewhisperer.ts';
import {
  assistant,
  conversation,
  conversationWithNextTurn,
  image,
  messyConversation,
  systemTurn,
  text,
  tool,
  toolResult,
  toolUse,
  user,
} from '../../../test/support/conversations.ts';
import * as reply from '../../../test/support/reply-frames.ts';
import { WIRE_PROFILES } from '../../../test/support/wire-profiles.ts';
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { knownTexts } from '../../core/known-texts.ts';
import { runAtOnce } from '../../core/steps.ts';
import type { EncodeContext, EncodedChat } from '../upstream.ts';
import { encodeChat } from './encode.ts';
import { ADJUSTMENT_RULES } from './normalize/rules.ts';
import type { GenerateAssistantResponseRequest } from './wire.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const CONVERSATION_ID = '0b7c2b6e-5d1c-4d0e-9a3f-3a2f3f1f9e10';
const CONTINUATION_ID = '1c8d3c7f-6e2d-4e1f-8b40-4b304020af21';
const IDS = {
  conversationId: CONVERSATION_ID,
  rootConversationId: CONVERSATION_ID,
  continuationId: CONTINUATION_ID,
};

function context(change: Partial<EncodeContext> & { wireProfile?: string } = {}): EncodeContext {
  const { wireProfile = 'q-rest', ...rest } = change;
  return {
    access: { region: 'us-east-1', profileArn: ARN, wireProfile, baseUrl: undefined, kind: 'builder-id' },
    model: listed(OPUS),
    ids: IDS,
    invocation: INVOCATION,
    sendEnvironment: false,
    withoutReasoningHistory: false,
    recoverToolCalls: true,
    ...rest,
  };
}

function encodedBody(chat: Conversation, change?: Parameters<typeof context>[0]): GenerateAssistantResponseRequest {
  return JSON.parse(String(runAtOnce(encodeChat(chat, context(change))).request.body));
}

/** The outline (reply-frames.ts) of the decoded reply, and the rules of its adjustments. */
function decoded(encoded: EncodedChat, ...frames: readonly Buffer[]): { outline: string[]; notes: string[] } {
  const notes: string[] = [];
  const decoder = encoded.createDecoder({
    header: () => undefined,
    expectsClosingEvents: false,
    note: ({ rule }) => void notes.push(rule),
  });
  const events = [...frames.flatMap((bytes) => decoder.push(bytes)), ...decoder.end()];
  return { outline: reply.outline(events), notes };
}

const anyWireProfile = fc.constantFrom(...WIRE_PROFILES.map(({ id }) => id));
const takingDocuments = fc.constantFrom(...WIRE_PROFILES.filter((one) => one.accepts.documents).map(({ id }) => id));

const roundTrip = conversation(
  [
    user('What is in notes.txt?'),
    assistant('Reading it.', toolUse('tooluse_A1', 'read_file', { path: 'notes.txt' })),
    user(toolResult('tooluse_A1', 'buy milk'), 'Short, please.'),
  ],
  { system: [{ at: 'system', text: 'You are terse.', cachePoint: false }], tools: [tool('read_file')] },
);

/** Bytes of what V8 collects only with the whole heap. */
function oldGeneration(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}

describe('a chat request', () => {
  it('keeps nothing of the conversations that it has encoded', () => {
    const chat = conversation([user('Hello')]);
    const unchanged = context();
    const encode = (times: number) => {
      for (let time = 0; time < times; time++) runAtOnce(encodeChat({ ...chat }, unchanged));
    };
    encode(5_000);
    const before = oldGeneration();
    encode(20_000);
    // Each left more than 500 bytes there while its getter was part of an object literal.
    expect((oldGeneration() - before) / 20_000).toBeLessThan(200);
  });

  it('writes a tool round trip in the wire’s shape', () => {
    const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
    expect(encodedBody(roundTrip)).toEqual({
      conversationState: {
        chatTriggerType: 'MANUAL',
        conversationId: CONVERSATION_ID,
        agentContinuationId: CONTINUATION_ID,
        agentTaskType: 'vibe',
        history: [
          { userInputMessage: { content: 'You are terse.', origin: 'AI_EDITOR', modelId: OPUS.id } },
          { assistantResponseMessage: { content: 'Understood.' } },
          { userInputMessage: { content: 'What is in notes.txt?', origin: 'AI_EDITOR', modelId: OPUS.id } },
          {
            assistantResponseMessage: {
              content: 'Reading it.',
              toolUses: [{ toolUseId: 'tooluse_A1', name: 'read_file', input: { path: 'notes.txt' } }],
            },
          },
        ],
        currentMessage: {
          userInputMessage: {
            content: 'Short, please.',
            userInputMessageContext: {
              toolResults: [{ toolUseId: 'tooluse_A1', status: 'success', content: [{ text: 'buy milk' }] }],
              tools: [
                {
                  toolSpecification: {
                    name: 'read_file',
                    description: 'Does read_file',
                    inputSchema: { json: schema },
                  },
                },
              ],
            },
            origin: 'AI_EDITOR',
            modelId: OPUS.id,
          },
        },
      },
      profileArn: ARN,
    });
  });

  it('changes and notes nothing if the conversation is acceptable', () => {
    expect(runAtOnce(encodeChat(roundTrip, context())).adjustments).toEqual([]);
  });

  it('has neither agent fields nor a model in history with the command line’s profile', () => {
    const { conversationState } = encodedBody(roundTrip, { wireProfile: 'q-json' });
    expect(Object.keys(conversationState)).toEqual(['chatTriggerType', 'conversationId', 'history', 'currentMessage']);
    expect(conversationState.history?.[0]).toEqual({
      userInputMessage: { content: 'You are terse.', origin: 'KIRO_CLI' },
    });
    expect(conversationState.currentMessage.userInputMessage.modelId).toBe(OPUS.id);
  });

  describe('of KiroRuntimeService', () => {
    const krs = { wireProfile: 'kiro-krs' };

    it('has the ids, the agent mode and the order of members of that service', () => {
      const body = encodedBody(roundTrip, krs);
      expect(Object.keys(body)).toEqual(['conversationState', 'profileArn', 'agentMode']);
      expect(body).toMatchObject({ profileArn: ARN, agentMode: 'vibe' });
      const { history, currentMessage, ...ids } = body.conversationState;
      expect(ids).toEqual({
        chatTriggerType: 'MANUAL',
        conversationId: `sess_${CONVERSATION_ID}`,
        rootConversationId: `sess_${CONVERSATION_ID}`,
        agentContinuationId: CONTINUATION_ID,
        agentTaskType: 'vibe',
      });
      expect(history).toHaveLength(4);
      expect(currentMessage.userInputMessage.origin).toBe('AI_EDITOR');
    });

    it('names a sub-agent’s parent and its mode', () => {
      const rootConversationId = '2d9e4d80-7f3e-4f20-9c51-5c415131b032';
      const body = encodedBody(roundTrip, { ...krs, ids: { ...IDS, rootConversationId } });
      expect(body).toMatchObject({
        agentMode: 'general-task-execution',
        conversationState: {
          conversationId: `sess_${CONVERSATION_ID}`,
          rootConversationId: `sess_${rootConversationId}`,
        },
      });
    });

    it('leaves the content of tool-only turns empty, and sends no other empty or absent value', () => {
      const chat = conversation(
        [user('hi'), assistant(toolUse('t1')), user(toolResult('t1')), assistant('ok'), user('and?')],
        { tools: [tool('read_file')] },
      );
      const { history = [] } = encodedBody(chat, { ...krs, sendEnvironment: true }).conversationState;
      expect(history[1]).toMatchObject({ assistantResponseMessage: { content: '' } });
      expect(history[2]).toMatchObject({ userInputMessage: { content: '' } });
      expect(history[0]).toEqual({ userInputMessage: { content: 'hi', origin: 'AI_EDITOR', modelId: OPUS.id } });
      expect(JSON.stringify(history)).not.toMatch(/\[\]|null|envState|messageId/);
    });
  });

  it('leaves the content empty of a tool-only assistant and of a user with only results', () => {
    const { conversationState } = encodedBody(
      conversation([user('hi'), assistant(toolUse('t1')), user(toolResult('t1'))], { tools: [tool('read_file')] }),
    );
    expect(conversationState.history?.at(-1)).toMatchObject({ assistantResponseMessage: { content: '' } });
    expect(conversationState.currentMessage.userInputMessage.content).toBe('');
  });

  it('sends a neutral sentence for white space alone, and nothing besides tool results or tool uses', () => {
    const blank = conversation(
      [user(' \n'), assistant(' ', toolUse('t1')), user(toolResult('t1'), '\t'), assistant('Done.'), user('  ')],
      { tools: [tool('read_file')] },
    );
    const { history = [], currentMessage } = encodedBody(blank).conversationState;
    const contents = [...history, currentMessage].map((message) =>
      'userInputMessage' in message ? message.userInputMessage.content : message.assistantResponseMessage.content,
    );
    const sentence = '(This message has no text.)';
    expect(contents).toEqual([sentence, '', '', 'Done.', sentence]);
    expect(notesOf(runAtOnce(encodeChat(blank, context())))).toEqual(
      ['messages[0]', 'messages[1]', 'messages[2]', 'messages[4]'].map((at) => `empty-turn-filled ${at}`),
    );
  });

  it('requests reasoning with the settings of the catalogue', () => {
    const chat = { ...roundTrip, reasoning: { mode: 'on', effort: 'high', budgetTokens: undefined } as const };
    expect(encodedBody(chat).additionalModelRequestFields).toEqual({
      output_config: { effort: 'high' },
      thinking: { type: 'adaptive', display: 'summarized' },
    });
    const answered = decoded(runAtOnce(encodeChat(chat, context())), reply.text('<thinking>Hm.</thinking>Yes.'));
    expect(answered.outline).toEqual([...reply.textLines('<thinking>Hm.</thinking>Yes.'), reply.END]);
  });

  it('requests reasoning with tags at the end of the system text if there are no settings', () => {
    const chat = { ...roundTrip, reasoning: { mode: 'on', effort: undefined, budgetTokens: 2_000 } as const };
    const encoded = runAtOnce(
      encodeChat(
        chat,
        context({ model: { ...listed(OPUS), match: 'unlisted', id: 'claude-haiku-4.5', model: undefined } }),
      ),
    );
    const tags = '<thinking_mode>enabled</thinking_mode><max_thinking_length>2000</max_thinking_length>';
    expect(JSON.parse(String(encoded.request.body)).conversationState.history[0].userInputMessage.content).toBe(
      `You are terse.\n\n${tags}`,
    );
    const answered = decoded(encoded, reply.text('<thinking>Hm.</thinking>Yes.'));
    expect(answered.outline).toEqual([...reply.reasoningLines('-', 'Hm.'), ...reply.textLines('Yes.'), reply.END]);
    expect(encoded.adjustments.map((adjustment) => adjustment.rule)).toContain('reasoning-tags');
  });

  it('sends the working environment only if the operator enabled it', () => {
    const text = 'Platform: linux\nWorking directory: /srv\ngitStatus:\nM a';
    const chat = { ...roundTrip, system: [{ at: 'system', text, cachePoint: false }] };
    const sent = (sendEnvironment: boolean) =>
      encodedBody(chat, { sendEnvironment }).conversationState.currentMessage.userInputMessage.userInputMessageContext;
    expect(sent(false)).not.toHaveProperty('envState');
    expect(sent(true)).toMatchObject({
      envState: { operatingSystem: 'linux', currentWorkingDirectory: '/srv' },
      gitState: { status: 'M a' },
    });
  });

  it('refuses an account without an ARN if the wire profile needs one', () => {
    const access = { ...context().access, kind: 'idc', profileArn: undefined, wireProfile: 'kiro-runtime' };
    expect(() => runAtOnce(encodeChat(roundTrip, context({ access })))).toThrow(/needs a profile ARN/);
  });

  it('names the client’s field when an image is none', () => {
    const chat = conversation([user(image('AAAA', 'image/png', 'messages[0].content[0]'))]);
    expect(() => runAtOnce(encodeChat(chat, context()))).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[0].content[0]', rule: 'image-format' }),
    );
  });

  it('maps tool names back', () => {
    const encoded = runAtOnce(encodeChat(conversation([user('hi')], { tools: [tool('a.b')] }), context()));
    const { currentMessage } = JSON.parse(String(encoded.request.body)).conversationState;
    const [{ toolSpecification }] = currentMessage.userInputMessage.userInputMessageContext.tools;
    expect(toolSpecification.name).not.toBe('a.b');
    const answered = decoded(encoded, ...reply.completeCall('{}', reply.id, toolSpecification.name));
    expect(answered.outline).toContain(`tool-use-start ${reply.id} a.b`);
  });

  it.each([
    ['recovers a call that the model prints', true, ['leaked-call-recovered']],
    ['leaves a printed call alone if the operator disables recovery', false, []],
  ])('%s', (_name, recoverToolCalls, notes) => {
    const encoded = runAtOnce(
      encodeChat(conversation([user('hi')], { tools: [tool('look')] }), context({ recoverToolCalls })),
    );
    const printed = '<invoke name="look"><parameter name="path">a</parameter></invoke>';
    const answered = decoded(encoded, reply.text(printed));
    expect(answered.notes).toEqual(notes);
    expect(answered.outline.at(-1)).toBe(recoverToolCalls ? reply.TOOL_END : reply.END);
    expect(answered.outline.includes(`text-delta ${printed}`)).toBe(!recoverToolCalls);
  });

  it('recovers no call if the model may call nothing', () => {
    const chat = conversation([user('hi')], { tools: [tool('look')], toolChoice: { type: 'none' } });
    expect(
      decoded(
        runAtOnce(encodeChat(chat, context())),
        reply.text('<invoke name="look"><parameter name="path">a</parameter></invoke>'),
      ).notes,
    ).toEqual([]);
  });

  it('sends cache marks if model and profile accept them', () => {
    const chat = conversation([systemTurn('Now in French.'), user({ ...text('Hello'), cachePoint: true })]);
    const marked = (wireProfile: string) =>
      encodedBody(chat, { wireProfile }).conversationState.currentMessage.userInputMessage.cachePoint;
    expect(marked('q-rest')).toEqual({ type: 'default' });
    expect(marked('codewhisperer-legacy')).toBeUndefined();
  });
});

describe('stable prefixes', () => {
  it('begins the next turn’s request with this one’s bytes, up to the end of its history', () => {
    fc.assert(
      fc.property(conversationWithNextTurn, takingDocuments, ({ now, next }, wireProfile) => {
        const first = bodyOf(now, wireProfile);
        const second = bodyOf(next, wireProfile);
        expect(second.startsWith(upToHistoryEnd(first))).toBe(true);
        expect(reappears(JSON.parse(first), JSON.parse(second))).toBe(true);
      }),
      { seed: 42, numRuns: 400 },
    );
  });

  it('does so with cache marks that the client leaves in place', () => {
    let withMarks = 0;
    fc.assert(
      fc.property(conversationWithNextTurn, takingDocuments, fc.nat(), ({ now, next }, wireProfile, chosen) => {
        const turn = chosen % now.turns.length;
        const [first, second] = [now, next].map((chat) => bodyOf(marked(chat, [turn]), wireProfile));
        expect(second?.startsWith(upToHistoryEnd(first ?? ''))).toBe(true);
        if (first?.includes(CACHE_POINT)) withMarks += 1;
      }),
      { seed: 42, numRuns: 200 },
    );
    expect(withMarks).toBeGreaterThan(100);
  });

  it('changes only the marks if the client moves them along, as agents do', () => {
    fc.assert(
      fc.property(conversationWithNextTurn, takingDocuments, ({ now, next }, wireProfile) => {
        const [first, second] = [now, next].map((chat) =>
          bodyOf(marked(chat, [chat.turns.length - 3, chat.turns.length - 1]), wireProfile).replaceAll(CACHE_POINT, ''),
        );
        expect(second?.startsWith(upToHistoryEnd(first ?? ''))).toBe(true);
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('encodes the same conversation to the same bytes', () => {
    const bodies = [1, 2].map(() => bodyOf(roundTrip, 'q-rest'));
    expect(bodies[0]).toBe(bodies[1]);
  });
});

describe('texts of earlier turns', () => {
  it('are sent as the same bytes whether they were serialised before or not, and serialised once', () => {
    let reused = 0;
    fc.assert(
      fc.property(conversationWithNextTurn, takingDocuments, (turns, wireProfile) => {
        const [now, next] = [lengthened(turns.now), lengthened(turns.next)];
        knownTexts.clear();
        const cold = bodyOf(next, wireProfile);
        knownTexts.clear();
        const texts = longTexts(JSON.parse(bodyOf(now, wireProfile)));
        const before = knownTexts.serialized;
        expect(bodyOf(next, wireProfile)).toBe(cold);
        const nextTexts = longTexts(JSON.parse(cold));
        const repeated = [...nextTexts].filter((text) => texts.has(text));
        expect(knownTexts.serialized - before).toBe(nextTexts.size - repeated.length);
        reused += repeated.length;
      }),
      { seed: 42, numRuns: 200 },
    );
    expect(reused).toBeGreaterThan(500);
  });
});

/** Every text of its turns made long enough to be remembered, and each as different as it was. */
function lengthened(chat: Conversation): Conversation {
  const lengthen = <T extends { readonly type: string }>(part: T): T => {
    if ('text' in part) return { ...part, text: `${part.text}${' words'.repeat(50)}` };
    return 'content' in part && Array.isArray(part.content) ? { ...part, content: part.content.map(lengthen) } : part;
  };
  return { ...chat, turns: chat.turns.map((turn) => ({ ...turn, parts: turn.parts.map(lengthen) })) };
}

function longTexts(value: unknown): Set<string> {
  if (typeof value === 'string') return new Set(value.length >= 256 ? [value] : []);
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(Object.values(value).flatMap((inner) => [...longTexts(inner)]));
}

const CACHE_POINT = ',"cachePoint":{"type":"default"}';

function bodyOf(chat: Conversation, wireProfile: string): string {
  return String(runAtOnce(encodeChat(chat, context({ wireProfile }))).request.body);
}

/** Adds a cache mark to the last part that can carry one in each of these turns. */
function marked(chat: Conversation, at: readonly number[]): Conversation {
  const turns = chat.turns.map((turn, index) => {
    if (!at.includes(index)) return turn;
    const last = turn.parts.findLastIndex(({ type }) => type !== 'reasoning' && type !== 'redacted-reasoning');
    return { ...turn, parts: turn.parts.map((part, place) => (place === last ? { ...part, cachePoint: true } : part)) };
  });
  return { ...chat, turns };
}

/** Everything before the closing bracket of the history array, or before the current message if there is none. */
function upToHistoryEnd(body: string): string {
  const current = JSON.stringify(JSON.parse(body).conversationState.currentMessage);
  const end = body.indexOf(`"currentMessage":${current}`);
  return body.slice(0, end).replace(/\],$/, '');
}

/** The current message of `first` is the entry of `second` after the history of `first`. */
function reappears(first: GenerateAssistantResponseRequest, second: GenerateAssistantResponseRequest): boolean {
  const place = first.conversationState.history?.length ?? 0;
  const entry = second.conversationState.history?.[place];
  const { userInputMessage: now } = first.conversationState.currentMessage;
  if (!entry || !('userInputMessage' in entry)) return false;
  const { tools: _tools, ...context } = now.userInputMessageContext ?? {};
  const expected: JsonObject = JSON.parse(
    JSON.stringify({ ...now, userInputMessageContext: context, modelId: entry.userInputMessage.modelId }),
  );
  const actual = { userInputMessageContext: {}, ...entry.userInputMessage };
  expect(actual).toEqual(expected);
  return true;
}

describe('any conversation', () => {
  it('is encoded completely, or refused naming the field', () => {
    let refused = 0;
    fc.assert(
      fc.property(messyConversation, anyWireProfile, ({ conversation: chat, markers }, wireProfile) => {
        try {
          const { request, adjustments } = runAtOnce(encodeChat(chat, context({ wireProfile })));
          for (const marker of markers) expect(String(request.body)).toContain(marker);
          for (const { rule, path } of adjustments) {
            expect(Object.keys(ADJUSTMENT_RULES)).toContain(rule);
            expect(path).not.toBe('');
          }
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          refused += 1;
          expect(error).toMatchObject({ code: 'invalid_request', param: expect.stringMatching(/./) });
        }
      }),
      { seed: 42, numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(500);
  });
});
