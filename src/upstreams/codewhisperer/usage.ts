/**
 * What a reply cost: the service's token counts, else derived from its context window percentage, else estimated.
 */
import type { Model } from '../../core/models.ts';
import type { TextPiece } from '../../core/text.ts';
import { TokenCount } from '../../core/token-count.ts';
import { derived, estimated, type Figure, measured, type Usage } from '../../core/usage.ts';
import type { EventPayloads, TokenUsage, Untrusted } from './wire-events.ts';

export class UsageTally {
  readonly #model: Model | undefined;
  readonly #inputEstimate: Figure;
  readonly #text = new TokenCount();
  readonly #reasoning = new TokenCount();
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
    this.#text.add(text);
  }

  countReasoning(text: TextPiece): void {
    this.#reasoning.add(text);
  }

  /** A later report replaces an earlier one: figures are totals. Zero and missing values are ignored. */
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
   * Metering may arrive more than once. No second event has been seen to repeat the first, so they are added up; if that
   * is wrong, a budget stops too early rather than too late.
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
    const reasoning = Math.min(this.#reasoning.total, outputTokens.value);
    return {
      inputTokens: this.#inputTokens(outputTokens.value),
      outputTokens,
      ...(cacheRead === undefined ? {} : { cacheReadTokens: measured(cacheRead) }),
      ...(cacheWrite === undefined ? {} : { cacheWriteTokens: measured(cacheWrite) }),
      ...(reasoning === 0 ? {} : { reasoningTokens: estimated(reasoning) }),
      ...(this.#percentage === undefined ? {} : { contextPercentage: measured(this.#percentage) }),
      ...(this.#credits === undefined ? {} : { credits: measured(this.#credits) }),
      ...(this.#creditUnit === undefined ? {} : { creditUnit: this.#creditUnit }),
    };
  }

  /** The percentage covers the window after the reply: the service's own prompt, the conversation and the reply. */
  #inputTokens(outputTokens: number): Figure {
    if (this.#tokens.input !== undefined) return measured(this.#tokens.input);
    const window = this.#model?.maxInputTokens;
    if (window === undefined || !this.#percentage) return this.#inputEstimate;
    const input = Math.round((this.#percentage / 100) * window) - outputTokens;
    return input > 0 ? derived(input) : this.#inputEstimate;
  }

  #outputTokens(): Figure {
    if (this.#tokens.output !== undefined) return measured(this.#tokens.output);
    return estimated(this.#text.total + this.#reasoning.total);
  }
}

interface ReportedTokens {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
