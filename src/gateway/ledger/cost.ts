/**
 * What a reply costs, beside the credits that the service reports: an estimate in credits, and what the same tokens would
 * cost at the vendor's own list prices. Neither is ever shown as measured.
 */
import type { Usage } from '../../core/usage.ts';
import prices from './list-prices.json' with { type: 'json' };

interface Price {
  /** US dollars per million tokens, as the rest. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Absent: as `input`. */
  readonly cacheWrite?: number;
}

type Tokens = Pick<Usage, 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheWriteTokens'>;

/**
 * Credits for one input token that was not cached, at multiplier 1. Fitted by users to the charges of GPT models, to
 * within 1 %; for Claude models the formula is rougher.
 */
const CREDITS_PER_TOKEN = 1.6584e-5;
/** Output tokens cost this many times as much. */
const OUTPUT_FACTOR = 6.66;
const CACHED_SHARE = { gpt: 0.1, claude: 0.53 } as const;
/** On uncached input of the models that think always. */
const CLAUDE_PREMIUM = 1.94;
/** Above this input, GPT-5.6 costs twice as much for the whole request. */
const LONG_CONTEXT_TOKENS = 272_000;

/** Undefined if the model's rate multiplier is unknown. */
export function estimateCredits(model: string, multiplier: number | undefined, tokens: Tokens): number | undefined {
  if (multiplier === undefined || !(multiplier >= 0)) return undefined;
  const { premium, cachedShare, isDearWhenLong } = factsOf(model);
  const { input, cached, output } = split(tokens);
  const isLong = isDearWhenLong && input > LONG_CONTEXT_TOKENS;
  const weighted = (input - cached) * premium + cached * cachedShare + output * OUTPUT_FACTOR;
  return multiplier * CREDITS_PER_TOKEN * weighted * (isLong ? 2 : 1);
}

/** US dollars; undefined if the list does not have the model. */
export function listPriceOf(model: string, tokens: Tokens): number | undefined {
  const { price } = factsOf(model);
  if (!price) return undefined;
  const { input, cached, written, output } = split(tokens);
  const uncached = Math.max(0, input - cached - written);
  const dollars =
    uncached * price.input +
    cached * price.cacheRead +
    written * (price.cacheWrite ?? price.input) +
    output * price.output;
  return dollars / 1e6;
}

/** When the list prices were read from their sources, as YYYY-MM-DD. */
export const LIST_PRICES_DATE = prices.date;

function split({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Tokens) {
  const input = inputTokens.value;
  const cached = Math.min(input, cacheReadTokens?.value ?? 0);
  const written = Math.min(input - cached, cacheWriteTokens?.value ?? 0);
  return { input, cached, written, output: outputTokens.value };
}

/** `Claude-Opus-4.5` → `claude-opus-4-5` */
function normalized(model: string): string {
  return model.toLowerCase().replaceAll(/[._]/g, '-');
}

const PRICES: ReadonlyMap<string, Price> = new Map(Object.entries<Price>(prices.models));

interface ModelFacts {
  readonly price: Price | undefined;
  readonly premium: number;
  readonly cachedShare: number;
  readonly isDearWhenLong: boolean;
}

/** Names of models come from clients, so the number of remembered ones is bounded. */
const MAX_REMEMBERED = 500;
const remembered = new Map<string, ModelFacts>();

function factsOf(model: string): ModelFacts {
  const known = remembered.get(model);
  if (known) return known;
  const name = normalized(model);
  const [, price] = [...PRICES].find(([listed]) => isVersionOf(name, listed)) ?? [];
  const facts = {
    price,
    premium: /^claude-(?:opus|sonnet)-5-5(?!\d)/.test(name) ? CLAUDE_PREMIUM : 1,
    cachedShare: name.startsWith('claude') ? CACHED_SHARE.claude : CACHED_SHARE.gpt,
    isDearWhenLong: name.startsWith('gpt-5-6'),
  };
  if (remembered.size < MAX_REMEMBERED) remembered.set(model, facts);
  return facts;
}

/** True for `claude-opus-4-5` and `claude-opus-4-5-20251101`, false for `claude-opus-4-5` as a version of `claude-opus-4`. */
function isVersionOf(name: string, listed: string): boolean {
  return name.startsWith(listed) && !/^(?:\d|-\d{1,2}(?!\d))/.test(name.slice(listed.length));
}
