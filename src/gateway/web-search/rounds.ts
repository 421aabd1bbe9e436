/**
 * Answers a request with web search in rounds: the model answers, its searches are run, and the request is sent again
 * with the results, until the model searches no more. The client sees all rounds as one answer.
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
import { webSearchAdjustment } from './rules.ts';
import { AT, type SearchCall, SearchRound, type SearchState } from './search-round.ts';
import type { Searcher, SearchResult, WebSearches } from './searches.ts';

/** If the client sets no `max_uses`. */
const DEFAULT_MAX_USES = 8;
/** Rounds after the last permitted search: the model learns that none is left, but may keep calling the tool. */
const EXTRA_ROUNDS = 2;

export interface SearchingTools {
  readonly dispatch: (request: DispatchRequest) => Promise<Answer>;
  /** The emulation of one round. */
  readonly plan: (conversation: Conversation) => EmulationPlan;
  readonly searches: Pick<WebSearches, 'isAvailable' | 'search'>;
}

/** Runs the rounds of a request with web search; passes any other request to `dispatch`. */
export function dispatchSearching(
  request: DispatchRequest,
  tools: SearchingTools,
  signal: AbortSignal,
): Promise<Answer> {
  const { webSearch: option, toolChoice } = request.conversation;
  if (!option || toolChoice.type === 'none') return tools.dispatch(request);
  return dispatchRounds(request, option, tools, signal);
}

async function dispatchRounds(
  request: DispatchRequest,
  option: WebSearchOption,
  tools: SearchingTools,
  signal: AbortSignal,
): Promise<Answer> {
  const { dispatch, searches } = tools;
  const isAvailable = await searches.isAvailable(searcherOf(request), signal);
  const rule = isAvailable ? 'web-search-emulated' : 'web-search-unavailable';
  const adjusted = { ...request, adjustments: [...request.adjustments, webSearchAdjustment(rule, option.at)] };
  return isAvailable ? new SearchRounds(adjusted, option, tools, signal).begin() : dispatch(adjusted);
}

class SearchRounds {
  readonly #request: DispatchRequest;
  readonly #option: WebSearchOption;
  readonly #tools: SearchingTools;
  readonly #signal: AbortSignal;
  readonly #tool: Tool;
  readonly #maxUses: number;
  readonly #state: SearchState = {
    characters: 0,
    isBegun: false,
    written: new TokenCount(),
    found: new Map(),
  };
  #conversation: Conversation;
  #uses = 0;
  #usage: Usage | undefined;

  constructor(request: DispatchRequest, option: WebSearchOption, tools: SearchingTools, signal: AbortSignal) {
    this.#request = request;
    this.#option = option;
    this.#tools = tools;
    this.#signal = signal;
    this.#tool = searchTool(request.conversation.tools, option);
    this.#maxUses = option.maxUses ?? DEFAULT_MAX_USES;
    this.#conversation = withTool(request.conversation, this.#tool, option);
  }

  async begin(): Promise<Answer> {
    const first = await this.#dispatch();
    const adjustments = [...first.adjustments];
    return { ...first, adjustments, batches: this.#run(first, adjustments) };
  }

  /** Dispatches the next round with what the earlier rounds have left of the client's `max_tokens`. */
  #dispatch(): Promise<Answer> {
    const { output } = this.#conversation;
    const maxTokens = output.maxTokens === undefined ? undefined : Math.max(1, output.maxTokens - this.#written);
    const conversation = { ...this.#conversation, output: { ...output, maxTokens } };
    const { createTransforms } = this.#tools.plan(conversation);
    const emulation = { ...this.#request.emulation, createTransforms };
    return this.#tools.dispatch({ ...this.#request, conversation, emulation });
  }

  get #written(): number {
    return this.#state.written.total;
  }

  /** Never throws: a failure is a `reply-error` event. */
  async *#run(first: Answer, adjustments: Adjustment[]): AsyncGenerator<readonly ReplyEvent[], void> {
    const maxRounds = this.#maxUses + EXTRA_ROUNDS;
    let answer = first;
    for (let count = 1; ; count += 1) {
      const round = new SearchRound(this.#state, this.#tool.name);
      for await (const events of answer.batches) {
        const out = events.flatMap((event) => round.push(event));
        if (out.length > 0) yield out;
      }
      addMissing(adjustments, answer.adjustments);
      if (round.hasFailed) return;
      try {
        const results = yield* this.#sendBuffered(round, adjustments);
        const end = round.end;
        if (!end) throw new GatewayError('upstream_broken', 'The upstream reply stopped before its end.');
        this.#usage = this.#usage ? addUsage(this.#usage, end.usage) : end.usage;
        const goesOn = results.length > 0 && !round.usesOtherTools && !isCutShort(end.stopReason);
        if (!goesOn || count === maxRounds) {
          const stopReason = goesOn ? 'end-turn' : end.stopReason;
          yield [{ ...end, stopReason, usage: this.#withSearches(this.#usage) }];
          return;
        }
        this.#conversation = withRound(this.#conversation, round.parts, results, this.#tool.name);
        answer = await this.#dispatch();
      } catch (cause) {
        yield [{ type: 'reply-error', error: GatewayError.from(cause) }];
        return;
      }
    }
  }

  /** Runs the buffered searches and sends the buffered events, in their order. */
  async *#sendBuffered(
    round: SearchRound,
    adjustments: Adjustment[],
  ): AsyncGenerator<readonly ReplyEvent[], readonly Search[]> {
    const results: Search[] = [];
    for (const buffered of round.buffered) {
      if (buffered.type === 'event') {
        yield round.place(buffered.event);
        continue;
      }
      const { query = '' } = buffered;
      const searchId = searchIdOf(buffered.toolUseId);
      yield [{ type: 'web-search-start', searchId, query }];
      const { outcome, isQueryShortened } = await this.#search(buffered, searchId);
      if (isQueryShortened)
        addMissing(adjustments, [webSearchAdjustment('web-search-query-shortened', this.#option.at)]);
      yield [{ type: 'web-search-end', searchId, query, outcome }];
      results.push({ searchId, query, outcome });
    }
    return results;
  }

  async #search({ query }: SearchCall, searchId: string): Promise<SearchResult> {
    if (query === undefined) return failed('bad-input');
    if (this.#uses >= this.#maxUses) return failed('max-uses');
    this.#uses += 1;
    const { searches } = this.#tools;
    const result = await searches.search(query, searchId, this.#option, searcherOf(this.#request), this.#signal);
    const { outcome } = result;
    if (outcome.type === 'found') for (const page of outcome.results) this.#state.found.set(page.url, page);
    return result;
  }

  #withSearches(usage: Usage): Usage {
    return this.#uses === 0 ? usage : { ...usage, webSearches: this.#uses };
  }
}

function searcherOf({ ids, group }: DispatchRequest): Searcher {
  return { conversationId: ids.conversationId, group };
}

function failed(reason: WebSearchFailure): SearchResult {
  return { outcome: { type: 'failed', reason }, isQueryShortened: false };
}

/** Each round repeats the adjustments of the earlier ones and may add its own. */
function addMissing(adjustments: Adjustment[], added: readonly Adjustment[]): void {
  const known = new Set(adjustments.map((adjustment) => JSON.stringify(adjustment)));
  adjustments.push(...added.filter((adjustment) => !known.has(JSON.stringify(adjustment))));
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

/** In the form in which the client sends it back in its next request, so that its bytes begin with this one's. */
function withRound(
  conversation: Conversation,
  answerParts: readonly Part[],
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
    { at: AT, role: 'assistant' as const, parts: [...answerParts, ...uses] },
    { at: AT, role: 'user' as const, parts: results },
  ];
  return { ...conversation, turns: [...conversation.turns, ...turns] };
}

/** Derived from the model's id, in Anthropic's format; the same in the next round and in the client's next request. */
function searchIdOf(toolUseId: string): string {
  return `srvtoolu_${createHash('sha256').update(toolUseId).digest('hex').slice(0, 24)}`;
}
