import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conversation } from '../../../test/support/fake-upstream.ts';
import { checkGrammar } from '../../../test/support/grammar.ts';
import { brokenReplyEvents, pieces, replyEvents } from '../../../test/support/reply-events.ts';
import { ReplyCollector } from '../../core/collect.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import type { WebResult, WebSearchOutcome } from '../../core/web-search.ts';
import type { DispatchRequest } from '../dispatch.ts';
import { type EmulationPlan, planEmulation } from '../emulate/plan.ts';
import type { Answer } from '../ports.ts';
import { citationsIn } from './citations.ts';
import { dispatchSearching, type SearchingTools } from './rounds.ts';

const OPTION = { at: 'tools[0]', maxUses: 3, allowedDomains: [], blockedDomains: [], isRequired: false };
const PAGE: WebResult = { url: 'https://a.example/x', title: 'A', snippet: 'what A says', publishedAtMs: undefined };
const FOUND: WebSearchOutcome = { type: 'found', results: [PAGE] };

function requestOf(): DispatchRequest {
  const hello = conversation('hello', { webSearch: OPTION });
  return {
    requestId: 'r',
    client: 'c',
    ids: { conversationId: 'v', rootConversationId: 'v', continuationId: 'v' },
    adjustments: [],
    conversation: hello,
    emulation: planOf(),
  };
}

function planOf(): EmulationPlan {
  return planEmulation(conversation());
}

/** Answers with these replies in turn, one event per batch. */
async function run(replies: readonly (readonly ReplyEvent[])[], outcome: WebSearchOutcome = FOUND) {
  const requests: DispatchRequest[] = [];
  const queries: string[] = [];
  const searches: SearchingTools['searches'] = {
    isAvailable: async () => true,
    search: async (query) => {
      queries.push(query);
      return { outcome, isQueryShortened: query.length > 200 };
    },
  };
  const dispatch = async (request: DispatchRequest): Promise<Answer> => {
    requests.push(request);
    const events = replies[requests.length - 1];
    if (!events) throw new GatewayError('upstream_broken', 'the test has no further reply');
    const adjustment = { rule: 'image-scaled', path: `round ${requests.length}` } as const;
    const adjustments = [...request.adjustments, adjustment];
    return { route: {} as Answer['route'], adjustments, batches: batchesOf(events) }; // the route is not read
  };
  const tools: SearchingTools = { dispatch, plan: planOf, searches };
  const answer = await dispatchSearching(requestOf(), tools, new AbortController().signal);
  const events: ReplyEvent[] = [];
  for await (const batch of answer.batches) events.push(...batch);
  return { events, requests, queries, adjustments: answer.adjustments };
}

async function* batchesOf(events: readonly ReplyEvent[]): AsyncGenerator<readonly ReplyEvent[], void> {
  for (const event of events) yield [event];
}

const textOf = (events: readonly ReplyEvent[]) =>
  events.map((event) => (event.type === 'text-delta' ? event.text.plain : '')).join('');

const usesSearch = (events: readonly ReplyEvent[]) =>
  events.some((event) => event.type === 'tool-use-start' && event.name === 'web_search');

describe('an answer of several rounds', () => {
  const input = fc.oneof(fc.record({ query: fc.string() }), fc.constant({ other: 1 }));
  const options = {
    toolNames: ['web_search', 'web_search', 'web_search', 'read_file'],
    toolInput: input,
    maxBlocks: 3,
  };

  it('obeys the grammar, shows no search call and loses no text, whatever the model answers', async () => {
    let longest = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(replyEvents(options), { minLength: 6, maxLength: 6 }), async (replies) => {
        const { events, requests } = await run(replies);
        expect(checkGrammar(events)).toBeUndefined();
        expect(usesSearch(events)).toBe(false);
        const used = replies.slice(0, requests.length);
        expect(textOf(events)).toBe(used.map(textOf).join(''));
        longest = Math.max(longest, requests.length);
        expect(requests.length).toBeLessThanOrEqual(5);
        for (const request of requests)
          expect(request.conversation.tools.map(({ name }) => name)).toEqual(['web_search']);
      }),
      { seed: 42, numRuns: 300 },
    );
    expect(longest).toBeGreaterThan(2);
  });

  it('ends with one error when a round breaks off', async () => {
    await fc.assert(
      fc.asyncProperty(replyEvents(options), brokenReplyEvents(options), async (first, broken) => {
        const { events, requests } = await run([first, broken]);
        expect(checkGrammar(events)).toBeUndefined();
        expect(events.at(-1)?.type).toBe(requests.length === 2 ? 'reply-error' : 'reply-end');
      }),
      { seed: 43, numRuns: 200 },
    );
  });

  it('ends with an error when the next round cannot be dispatched', async () => {
    const { events } = await run([reply(search('s1', '{"query":"q"}'))]);
    expect(checkGrammar(events)).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ type: 'reply-error', error: { code: 'upstream_broken' } });
  });

  it('sends the model its own text, its reasoning and the results', async () => {
    const reasoning: ReplyEvent[] = [
      { type: 'reasoning-start' },
      { type: 'reasoning-delta', text: TextPiece.plain('hm') },
      { type: 'reasoning-end', signature: 'sig' },
    ];
    const looking = text('Looking.');
    const { requests, queries, events, adjustments } = await run([
      reply([...reasoning, ...looking, ...search('s1', '{"query":"q"}')]),
      reply(text('See https://a.example/x.')),
    ]);
    expect(queries).toEqual(['q']);
    // The adjustments of all rounds are reported, each once.
    expect(adjustments.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
      'web-search-emulated tools[0]',
      'image-scaled round 1',
      'image-scaled round 2',
    ]);
    const [, assistant, user] = requests[1]?.conversation.turns ?? [];
    const id = expect.stringMatching(/^srvtoolu_/);
    expect(assistant?.parts).toMatchObject([
      { type: 'reasoning', text: 'hm', signature: 'sig' },
      { type: 'text', text: 'Looking.' },
      { type: 'tool-use', toolUseId: id, name: 'web_search', input: { query: 'q' } },
    ]);
    expect(user?.parts).toMatchObject([{ type: 'tool-result', toolUseId: id, isError: false }]);
    const collector = new ReplyCollector();
    for (const event of events) collector.push(event);
    const { blocks, usage } = collector.reply();
    expect(blocks.map(({ type }) => type)).toEqual(['reasoning', 'text', 'web-search', 'text']);
    expect(blocks[3]).toMatchObject({
      citations: [{ textBefore: 8, citation: { start: 4, end: 23, url: PAGE.url, citedText: 'what A says' } }],
    });
    expect(usage).toMatchObject({ webSearches: 1, inputTokens: { value: 10 }, outputTokens: { value: 4 } });
  });
});

function text(words: string): ReplyEvent[] {
  const deltas = pieces(words, [2]).map((piece): ReplyEvent => {
    return { type: 'text-delta', text: TextPiece.plain(piece) };
  });
  return [{ type: 'text-start' }, ...deltas, { type: 'text-end' }];
}

function search(toolUseId: string, json: string): ReplyEvent[] {
  return [
    { type: 'tool-use-start', toolUseId, name: 'web_search' },
    { type: 'tool-use-delta', json: TextPiece.plain(json) },
    { type: 'tool-use-end' },
  ];
}

function reply(events: readonly ReplyEvent[]): ReplyEvent[] {
  const figure = (value: number) => ({ value, provenance: 'measured' as const });
  const usage = { inputTokens: figure(5), outputTokens: figure(2) };
  return [
    { type: 'reply-start', inputTokens: figure(5) },
    ...events,
    { type: 'reply-end', stopReason: usesSearch(events) ? 'tool-use' : 'end-turn', stopSequence: undefined, usage },
  ];
}

describe('citations', () => {
  const found = new Map([
    [PAGE.url, PAGE],
    ['https://a.example/x/y_(z)', { ...PAGE, url: 'https://a.example/x/y_(z)', title: 'Z' }],
  ]);

  it.each([
    ['a link', 'So [it says](https://a.example/x).', ['[it says](https://a.example/x)']],
    ['a bare address', 'See https://a.example/x, or not', ['https://a.example/x']],
    ['an address with brackets', '[z](https://a.example/x/y_(z))', ['[z](https://a.example/x/y_(z))']],
    ['a longer address that was not found', 'https://a.example/xyz https://a.example/x/z', []],
    ['brackets that are not a link', '[1] (https://a.example/x)', ['https://a.example/x']],
    [
      'two pages',
      '😀 [b](https://a.example/x/y_(z)) https://a.example/x',
      ['[b](https://a.example/x/y_(z))', 'https://a.example/x'],
    ],
    ['nothing', 'no address', []],
  ])('are found for %s', (_what, words, expected) => {
    const cited = citationsIn(words, found).map(({ start, end }) => [...words].slice(start, end).join(''));
    expect(cited).toEqual(expected);
  });
});
