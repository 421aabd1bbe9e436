/**
 * The response of `GET /v1/models`: one list whose objects have the members of both vendors' APIs, so that it does not
 * depend on the client.
 * Sources: https://platform.openai.com/docs/api-reference/models and https://docs.anthropic.com/en/api/models-list
 *
 * The service does not report release dates. A date in the model's id is used; without one the date is the epoch, which
 * Anthropic documents as "unknown".
 */
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import type { Catalogue, Model } from '../core/models.ts';

/** Both vendors have them, so they are not one protocol's own. */
export const MODEL_ROUTES = [
  {
    path: '/v1/models',
    summary: 'The live catalogue',
    description:
      "One list whose objects have the members of OpenAI's and Anthropic's APIs together. With `client_version`, which " +
      "Codex sends, the answer also has Codex's own list, `models`.",
    query: z.object({
      limit: z.int().optional(),
      before_id: z.string().optional(),
      after_id: z.string().optional(),
      client_version: z.string().optional(),
    }),
    answer: z.looseObject({}).describe('The models.'),
  },
  {
    // The id of a model may contain slashes.
    path: '/v1/models/*',
    summary: 'One model',
    answer: z.looseObject({}).describe('The model.'),
  },
] as const;

/** The query parameters of Anthropic's list. */
export interface ModelsQuery {
  readonly limit?: string | undefined;
  readonly before_id?: string | undefined;
  readonly after_id?: string | undefined;
}

/**
 * All models, or the page that the query asks for. Throws `invalid_request` for a bad limit, a cursor that is not in
 * the list, or both cursors at once.
 */
export function writeModels({ models }: Catalogue, query: ModelsQuery = {}): object {
  const limit = readLimit(query.limit);
  if (query.before_id !== undefined && query.after_id !== undefined)
    throw invalid('before_id', 'cannot be combined with after_id.');
  const isBackward = query.before_id !== undefined;
  const end = isBackward ? indexOf(models, 'before_id', query.before_id) : models.length;
  const start = query.after_id === undefined ? 0 : indexOf(models, 'after_id', query.after_id) + 1;
  const page = isBackward ? models.slice(Math.max(0, end - limit), end) : models.slice(start, start + limit);
  return {
    object: 'list',
    data: page.map(writeModel),
    has_more: isBackward ? end > limit : start + limit < models.length,
    first_id: page.at(0)?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

/** Values that the service does not report are null if Anthropic's API allows it, otherwise absent. */
export function writeModel(model: Model): object {
  const releaseS = releasedS(model) ?? 0;
  return {
    id: model.id,
    object: 'model',
    type: 'model',
    created: releaseS,
    created_at: `${new Date(releaseS * 1000).toISOString().slice(0, 19)}Z`,
    owned_by: 'amazon',
    display_name: model.name,
    max_input_tokens: model.maxInputTokens ?? null,
    max_tokens: model.maxOutputTokens ?? null,
    capabilities: null,
    lifecycle: 'active',
    line: LINES.find((line) => model.id.includes(line)) ?? null,
    deprecated_at: null,
    retires_at: null,
    ...extraMembers(model),
  };
}

/**
 * Not part of either API: chat front ends and editors read them. Claude Desktop offers `[1m]` if `supports_1m` is set.
 */
function extraMembers({ name, description, maxInputTokens, takesImages }: Model): object {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(maxInputTokens === undefined ? {} : { context_length: maxInputTokens }),
    architecture: { input_modalities: takesImages ? ['text', 'image'] : ['text'], output_modalities: ['text'] },
    ...(maxInputTokens !== undefined && maxInputTokens >= 1_000_000 ? { supports_1m: true } : {}),
  };
}

const LINES = ['haiku', 'sonnet', 'opus', 'fable', 'mythos'];

/** The release date in an id such as `claude-sonnet-4-20250514`. */
function releasedS({ id }: Model): number | undefined {
  const [, year, month, day] = /-(20\d\d)(\d\d)(\d\d)$/.exec(id) ?? [];
  const ms = year === undefined ? Number.NaN : Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

function readLimit(value: string | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  const limit = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid('limit', `expected a whole number from 1 to ${MAX_LIMIT}.`);
  return limit;
}

/** The limit of Anthropic's API. */
const MAX_LIMIT = 1000;

function indexOf(models: readonly Model[], param: string, id: string | undefined): number {
  const index = models.findIndex((model) => model.id === id);
  if (index < 0) throw invalid(param, 'is not the id of a listed model.');
  return index;
}

function invalid(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `${param}: ${what}`, { param });
}
