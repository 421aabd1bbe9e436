/**
 * An answer of a model which may search the web: it is asked, its searches are run, and it is asked again with what was
 * found, until it searches no more. To the client all of it is one answer.
 */
import { createHash } from 'node:crypto';
import type { Adjustment } from '../../core/adjustments.ts';
import type { Conversation, Part, Tool, ToolResultPart } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { TokenCount } from '../../core/token-count.ts';
import { addUsage, type Usage } from '../../core/usage.ts';
import {
  searchResultText,
  WEB_SEARCH_TOOL,
  type WebSearchFailure,
  type WebSearchOption,
  type WebSearchOutcome,
} from '../../core/web-search.ts';
import type { DispatchRequest } from '../dispatch.ts';
import { isCutShort, withSystemText } from '../emulate/expectation.ts';
import type { EmulationPlan } from '../emulate/plan.ts';
import type { Answer } from '../ports.ts';
import { note } from './rules.ts';
import { AT, type SearchCall, SearchRound, type SearchState } from './search-round.ts';
import type { Searcher, SearchResult, WebSearches } from './searches.ts';

/** When the client sets none. */
const DEFAULT_MAX_USES = 8;
/** Once all searches are used up, the model is told so; a model which does not listen is not asked for ever. */
const DEAF_ROUNDS = 2;

export interface SearchingTools {
  readonly dispatch: (request: DispatchRequest) => Promise<Answer>;
  /** What dragoman does in the service's place in one round. */
  readonly plan: (conversation: Conversation) => EmulationPlan;
  readonly searches: Pick<WebSearches, 'isAvailable' | 'search'>;
}

/** Like `dispatch`, which it is for everybody who does not ask for web search. */
export async function dispatchSearching(
  request: DispatchRequest,
  tools: SearchingTools,
  signal: AbortSignal,
): Promise<Answer> {
  const { webSearch: wish, toolChoice } = request.conversation;
  const { dispatch, searches } = tools;
  if (!wish || toolChoice.type === 'none') return dispatch(request);
  const isAvailable = await searches.isAvailable(searcherOf(request), signal);
  const noted = note(isAvailable ? 'web-search-emulated' : 'web-search-unavailable', wish.at);
  const asked = { ...request, adjustments: [...request.adjustments, noted] };
  return isAvailable ? new Rounds(asked, wish, tools, signal).begin() : dispatch(asked);
}

class Rounds {
  readonly #request: DispatchRequest;
  readonly #wish: WebSearchOption;
  readonly #tools: SearchingTools;
  readonly #signal: AbortSignal;
  readonly #tool: Tool;
  readonly #maxUses: number;
  readonly #whole: SearchState = {
    index: 0,
    characters: 0,
    isBegun: false,
    written: new TokenCount(),
    found: new Map(),
  };
  #question: Conversation;
  #uses = 0;
  #spent: Usage | undefined;

  constructor(request: DispatchRequest, wish: WebSearchOption, tools: SearchingTools, signal: AbortSignal) {
    this.#request = request;
    this.#wish = wish;
    this.#tools = tools;
    this.#signal = signal;
    this.#tool = searchTool(request.conversation.tools, wish);
    this.#maxUses = wish.maxUses ?? DEFAULT_MAX_USES;
    this.#question = withTool(request.conversation, this.#tool, wish);
  }

  async begin(): Promise<Answer> {
    const first = await this.#ask();
    const adjustments = [...first.adjustments];
    return { ...first, adjustments, batches: this.#run(first, adjustments) };
  }

  /** What the client allows for the whole answer is left to the later rounds as far as it is not used up. */
  #ask(): Promise<Answer> {
    const { output } = this.#question;
    const maxTokens = output.maxTokens === undefined ? undefined : Math.max(1, output.maxTokens - this.#written);
    const conversation = { ...this.#question, output: { ...output, maxTokens } };
    const { createTransforms } = this.#tools.plan(conversation);
    const emulation = { ...this.#request.emulation, createTransforms };
    return this.#tools.dispatch({ ...this.#request, conversation, emulation });
  }

  get #written(): number {
    return this.#whole.written.total;
  }

  /** Never throws: what goes wrong is an event. */
  async *#run(first: Answer, adjustments: Adjustment[]): AsyncGenerator<readonly ReplyEvent[], void> {
    const maxRounds = this.#maxUses + DEAF_ROUNDS;
    let answer = first;
    for (let count = 1; ; count += 1) {
      const round = new SearchRound(this.#whole, this.#tool.name);
      for await (const events of answer.batches) {
        const out = events.flatMap((event) => round.push(event));
        if (out.length > 0) yield out;
      }
      addMissing(adjustments, answer.adjustments);
      if (round.hasFailed) return;
      try {
        const results = yield* this.#settleHeld(round, adjustments);
        const end = round.end;
        if (!end) throw new GatewayError('upstream_broken', 'The upstream reply stopped before its end.');
        this.#spent = this.#spent ? addUsage(this.#spent, end.usage) : end.usage;
        const goesOn = results.length > 0 && !round.usesOtherTools && !isCutShort(end.stopReason);
        if (!goesOn || count === maxRounds) {
          const stopReason = goesOn ? 'end-turn' : end.stopReason;
          yield [{ ...end, stopReason, usage: this.#usage(this.#spent) }];
          return;
        }
        this.#question = grown(this.#question, round.parts, results, this.#tool.name);
        answer = await this.#ask();
      } catch (cause) {
        yield [{ type: 'reply-error', error: GatewayError.from(cause) }];
        return;
      }
    }
  }

  async *#settleHeld(
    round: SearchRound,
    adjustments: Adjustment[],
  ): AsyncGenerator<readonly ReplyEvent[], readonly Search[]> {
    const results: Search[] = [];
    for (const held of round.held) {
      if (held.type === 'event') {
        yield round.place(held.event);
        continue;
      }
      const { query = '' } = held;
      const { index } = this.#whole;
      const searchId = searchIdOf(held.toolUseId);
      yield [{ type: 'web-search-start', index, searchId, query }];
      const { outcome, isQueryShortened } = await this.#search(held, searchId);
      if (isQueryShortened) addMissing(adjustments, [note('web-search-query-shortened', this.#wish.at)]);
      yield [{ type: 'web-search-end', index, searchId, query, outcome }];
      this.#whole.index += 1;
      results.push({ searchId, query, outcome });
    }
    return results;
  }

  async #search({ query }: SearchCall, searchId: string): Promise<SearchResult> {
    if (query === undefined) return failed('bad-input');
    if (this.#uses >= this.#maxUses) return failed('max-uses');
    this.#uses += 1;
    const { searches } = this.#tools;
    const result = await searches.search(query, searchId, this.#wish, searcherOf(this.#request), this.#signal);
    const { outcome } = result;
    if (outcome.type === 'found') for (const page of outcome.results) this.#whole.found.set(page.url, page);
    return result;
  }

  #usage(spent: Usage): Usage {
    return this.#uses === 0 ? spent : { ...spent, webSearches: this.#uses };
  }
}

function searcherOf({ ids, group }: DispatchRequest): Searcher {
  return { conversationId: ids.conversationId, group };
}

function failed(reason: WebSearchFailure): SearchResult {
  return { outcome: { type: 'failed', reason }, isQueryShortened: false };
}

/** Every round repairs the same conversation again, and perhaps something of its own. */
function addMissing(notes: Adjustment[], made: readonly Adjustment[]): void {
  const known = new Set(notes.map((noted) => JSON.stringify(noted)));
  notes.push(...made.filter((noted) => !known.has(JSON.stringify(noted))));
}

interface Search {
  readonly searchId: string;
  readonly query: string;
  readonly outcome: WebSearchOutcome;
}

function searchTool(tools: readonly Tool[], { at }: WebSearchOption): Tool {
  const taken = new Set(tools.map(({ name }) => name.toLowerCase()));
  let name = WEB_SEARCH_TOOL;
  for (let count = 2; taken.has(name); count += 1) name = `${WEB_SEARCH_TOOL}_${count}`;
  return {
    at,
    name,
    description: 'Searches the web and returns titles, addresses and excerpts of the pages found.',
    inputSchema: {
      type: 'object',
      properties: { query: { type: 'string', description: 'What to search for.' } },
      required: ['query'],
    },
  };
}

function withTool(conversation: Conversation, tool: Tool, { isRequired }: WebSearchOption): Conversation {
  const offered = { ...conversation, tools: [...conversation.tools, tool] };
  if (!isRequired) return offered;
  return withSystemText(offered, AT, `Search the web with ${tool.name} before you answer.`);
}

/** In the form which the client hands back in its next request, so that it begins with this one's bytes. */
function grown(
  question: Conversation,
  said: readonly Part[],
  searches: readonly Search[],
  toolName: string,
): Conversation {
  const uses = searches.map(
    ({ searchId, query }): Part => ({
      type: 'tool-use',
      at: AT,
      toolUseId: searchId,
      name: toolName,
      input: { query },
    }),
  );
  const results = searches.map(
    ({ searchId, outcome }): ToolResultPart => ({
      type: 'tool-result',
      at: AT,
      toolUseId: searchId,
      content: [{ type: 'text', at: AT, text: searchResultText(outcome) }],
      isError: outcome.type === 'failed',
    }),
  );
  const turns = [
    { at: AT, role: 'assistant' as const, parts: [...said, ...uses] },
    { at: AT, role: 'user' as const, parts: results },
  ];
  return { ...question, turns: [...question.turns, ...turns] };
}

/** Made from the model's own id, as Anthropic's look; the same in the next round and in the client's next request. */
function searchIdOf(toolUseId: string): string {
  return `srvtoolu_${createHash('sha256').update(toolUseId).digest('hex').slice(0, 24)}`;
}
