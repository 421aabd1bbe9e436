/**
 * The catalogue in the two shapes of `GET /v1/models`.
 * Sources: https://platform.openai.com/docs/api-reference/models and https://docs.anthropic.com/en/api/models-list
 *
 * The service does not say when a model came out. A date in the model's own id is believed; without one the answer is
 * the epoch, which Anthropic documents as "unknown" and which nobody can take for a real date.
 */
import { GatewayError } from '../core/errors.ts';
import type { Catalogue, Model } from '../core/models.ts';
import { isoTime } from '../core/times.ts';

/** `createdS`: seconds since the epoch, for models whose own date is unknown. */
export function writeOpenAiModels(catalogue: Catalogue, createdS = 0): object {
  return { object: 'list', data: catalogue.models.map((model) => writeOpenAiModel(model, createdS)) };
}

/** The keys after `owned_by` are not OpenAI's: chat front ends read them when they are there. */
export function writeOpenAiModel(model: Model, createdS = 0): object {
  return {
    id: model.id,
    object: 'model',
    created: releasedS(model) ?? createdS,
    owned_by: 'amazon',
    name: model.name,
    ...(model.description === undefined ? {} : { description: model.description }),
    ...(model.maxInputTokens === undefined ? {} : { context_length: model.maxInputTokens }),
    architecture: { input_modalities: model.takesImages ? ['text', 'image'] : ['text'], output_modalities: ['text'] },
  };
}

/** The query of Anthropic's list, as it stands in the URL. */
export interface ModelsQuery {
  readonly limit?: string | undefined;
  readonly before_id?: string | undefined;
  readonly after_id?: string | undefined;
}

/** Throws `invalid_request` for a bad limit, a cursor we never gave, or both cursors at once. */
export function writeAnthropicModels(catalogue: Catalogue, query: ModelsQuery = {}): object {
  const { models } = catalogue;
  const limit = readLimit(query.limit);
  if (query.before_id !== undefined && query.after_id !== undefined)
    throw invalid('before_id', 'cannot be combined with after_id.');
  const isBackward = query.before_id !== undefined;
  const end = isBackward ? indexOf(models, 'before_id', query.before_id) : models.length;
  const start = query.after_id === undefined ? 0 : indexOf(models, 'after_id', query.after_id) + 1;
  const page = isBackward ? models.slice(Math.max(0, end - limit), end) : models.slice(start, start + limit);
  return {
    data: page.map(writeAnthropicModel),
    has_more: isBackward ? end > limit : start + limit < models.length,
    first_id: page.at(0)?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

/** What the service does not say is null, which the API allows. */
export function writeAnthropicModel(model: Model): object {
  return {
    type: 'model',
    id: model.id,
    display_name: model.name,
    created_at: `${isoTime((releasedS(model) ?? 0) * 1000).slice(0, 19)}Z`,
    max_input_tokens: model.maxInputTokens ?? null,
    max_tokens: model.maxOutputTokens ?? null,
    capabilities: null,
    lifecycle: 'active',
    line: LINES.find((line) => model.id.includes(line)) ?? null,
    deprecated_at: null,
    retires_at: null,
  };
}

const LINES = ['haiku', 'sonnet', 'opus', 'fable', 'mythos'];

/** `claude-sonnet-4-20250514` came out on that day. */
function releasedS({ id }: Model): number | undefined {
  const [, year, month, day] = /-(20\d\d)(\d\d)(\d\d)$/.exec(id) ?? [];
  const ms = year === undefined ? Number.NaN : Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

function readLimit(value: string | undefined): number {
  if (value === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid('limit', `expected a whole number from 1 to ${MAX_LIMIT}.`);
  return limit;
}

/** Both as in Anthropic's API. */
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

function indexOf(models: readonly Model[], param: string, id: string | undefined): number {
  const index = models.findIndex((model) => model.id === id);
  if (index < 0) throw invalid(param, 'is not the id of a listed model.');
  return index;
}

function invalid(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `${param}: ${what}`, { param });
}
