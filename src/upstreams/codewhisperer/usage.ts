/**
 * What a reply cost, from whatever the service told of it: its own token counts, else the share of the context window
 * in use, else our estimates.
 */
import type { Model } from '../../core/models.ts';
import type { TextPiece } from '../../core/text.ts';
import { derived, estimated, type Figure, measured, type Usage } from '../../core/usage.ts';
import type { EventPayloads, TokenUsage, Untrusted } from './wire-events.ts';

export class UsageTally {
  readonly #model: Model | undefined;
  readonly #inputEstimate: Figure;
  #textBytes = 0;
  #reasoningBytes = 0;
  #tokens: ReportedTokens = {};
  #percentage: number | undefined;
  #credits: number | undefined;
  #creditUnit: string | undefined;

  constructor(model: Model | undefined, inputEstimate: Figure) {
    this.#model = model;
    this.#inputEstimate = inputEstimate;
  }

  /** Text, or a tool's input. */
  countText(text: TextPiece): void {
    this.#textBytes += Buffer.byteLength(text.escaped);
  }

  countReasoning(text: TextPiece): void {
    this.#reasoningBytes += Buffer.byteLength(text.escaped);
  }

  /** A later report replaces an earlier one: each is final, none is a difference. Zeros and gaps report nothing. */
  reportTokens(usage: Untrusted<TokenUsage>): void {
    const cacheRead = amount(usage.cacheReadInputTokens);
    const cacheWrite = amount(usage.cacheWriteInputTokens);
    const output = amount(usage.outputTokens) || undefined;
    const uncached = amount(usage.uncachedInputTokens);
    const total = amount(usage.totalTokens);
    const parts = uncached === undefined ? undefined : uncached + (cacheRead ?? 0) + (cacheWrite ?? 0);
    const input = parts ?? (total !== undefined && output !== undefined ? total - output : undefined);
    if (input !== undefined && input > 0) this.#tokens = { input, output, cacheRead, cacheWrite };
    this.reportPercentage(usage.contextUsagePercentage);
  }

  reportPercentage(percentage: unknown): void {
    this.#percentage = amount(percentage) || this.#percentage;
  }

  /**
   * Metering may come more than once. Nobody has seen a second event repeat the first, so they count as parts of the
   * whole; if that should be wrong a budget stops too early rather than too late.
   */
  reportCredits({ usage, unit }: Untrusted<EventPayloads['meteringEvent']>): void {
    const credits = amount(usage);
    if (credits === undefined) return;
    this.#credits = (this.#credits ?? 0) + credits;
    if (typeof unit === 'string') this.#creditUnit = unit;
  }

  get windowIsFull(): boolean {
    return (this.#percentage ?? 0) >= 100;
  }

  usage(): Usage {
    const { cacheRead, cacheWrite } = this.#tokens;
    const outputTokens = this.#outputTokens();
    const reasoning = Math.min(tokensOf(this.#reasoningBytes), outputTokens.value);
    return {
      inputTokens: this.#inputTokens(),
      outputTokens,
      ...(cacheRead === undefined ? {} : { cacheReadTokens: measured(cacheRead) }),
      ...(cacheWrite === undefined ? {} : { cacheWriteTokens: measured(cacheWrite) }),
      ...(reasoning === 0 ? {} : { reasoningTokens: estimated(reasoning) }),
      ...(this.#percentage === undefined ? {} : { contextPercentage: measured(this.#percentage) }),
      ...(this.#credits === undefined ? {} : { credits: measured(this.#credits) }),
      ...(this.#creditUnit === undefined ? {} : { creditUnit: this.#creditUnit }),
    };
  }

  /** The percentage tells of all in the window, the service's own prompt included: what a client must know to compact. */
  #inputTokens(): Figure {
    if (this.#tokens.input !== undefined) return measured(this.#tokens.input);
    const window = this.#model?.maxInputTokens;
    if (window === undefined || !this.#percentage) return this.#inputEstimate;
    return derived(Math.round((this.#percentage / 100) * window));
  }

  #outputTokens(): Figure {
    if (this.#tokens.output !== undefined) return measured(this.#tokens.output);
    return estimated(tokensOf(this.#textBytes + this.#reasoningBytes));
  }
}

interface ReportedTokens {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
}

/** Four bytes of UTF-8 a token: near for English and code, and, at three bytes a character, for Chinese too. */
const BYTES_PER_TOKEN = 4;

function tokensOf(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
