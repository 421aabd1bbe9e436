/**
 * The service's model catalogue: what an account may use (operation ListAvailableModels), and which of its models a
 * client's name means.
 */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Catalogue, Model } from '../../core/models.ts';
import type { Access, ResolvedModel } from '../upstream.ts';
import aliases from './model-aliases.json' with { type: 'json' };
import { compareVersions, familyOf, modelKey, wireSpelling } from './model-names.ts';
import { wireProfile } from './profiles.ts';

/** One page. Members may be missing or null. Throws `upstream_broken` when the body is no list of models at all. */
export function decodeModels(body: string): { catalogue: Catalogue; nextToken: string | undefined } {
  const answer = parseObject(body);
  const listed = answer?.models;
  if (!answer || !Array.isArray(listed))
    throw new GatewayError('upstream_broken', 'The service answered the request for its models with something else.');
  const models = new Map<string, Model>();
  for (const entry of listed) {
    const model = decodeModel(entry);
    if (model && !models.has(model.id)) models.set(model.id, model);
  }
  return {
    catalogue: {
      models: [...models.values()],
      defaultModelId: isJsonObject(answer.defaultModel) ? text(answer.defaultModel.modelId) : undefined,
    },
    nextToken: text(answer.nextToken),
  };
}

/** Of wire profiles by which the service cannot be asked: the names alone are known. */
export function fixedCatalogue({ wireProfile: id }: Pick<Access, 'wireProfile'>): Catalogue | undefined {
  const { models } = wireProfile(id);
  if (!models) return undefined;
  const listed = models.map((modelId) => ({ modelId, supportedInputTypes: ['TEXT', 'IMAGE'] }));
  return { ...decodeModels(JSON.stringify({ models: listed })).catalogue, isPartial: true };
}

function decodeModel(entry: unknown): Model | undefined {
  if (!isJsonObject(entry)) return undefined;
  const id = text(entry.modelId);
  if (id === undefined) return undefined;
  const limits = object(entry.tokenLimits);
  const metadata = object(entry.modelMetadata);
  return {
    id,
    name: text(entry.modelName) ?? text(entry.displayName) ?? id,
    description: text(entry.description),
    maxInputTokens: count(limits.maxInputTokens) ?? count(metadata.maxInputTokens),
    maxOutputTokens: count(limits.maxOutputTokens),
    takesImages: takesImages(entry.supportedInputTypes, metadata.supportsImages),
    promptCaching: supportsCaching(entry),
    rateMultiplier: typeof entry.rateMultiplier === 'number' ? entry.rateMultiplier : undefined,
    rateUnit: text(entry.rateUnit),
    reasoningSchema: isJsonObject(entry.additionalModelRequestFieldsSchema)
      ? entry.additionalModelRequestFieldsSchema
      : undefined,
  };
}

/** Where the catalogue says nothing an image is sent: the service can refuse it, but nobody could get it back. */
function takesImages(inputTypes: JsonValue | undefined, flag: JsonValue | undefined): boolean {
  if (Array.isArray(inputTypes)) return inputTypes.some((type) => `${type}`.toUpperCase() === 'IMAGE');
  return flag !== false;
}

/** An object in the newest service models, a plain flag in older ones. */
function supportsCaching(entry: JsonObject): boolean {
  const { promptCaching, supportsPromptCache } = entry;
  if (isJsonObject(promptCaching))
    return promptCaching.supportsPromptCaching === true || promptCaching.supportsPromptCache === true;
  return promptCaching === true || supportsPromptCache === true;
}

/** Every note that choosing a model can make, and what each means. */
export const MODEL_RULES = {
  'model-alias': 'The model was asked for under another spelling or name of the one the service lists.',
  'model-family': 'The account does not have the model asked for; the newest of its family answers.',
  'model-passed-through': 'The service’s catalogue does not list the model; the name was passed on as it is.',
} as const satisfies Record<string, string>;

type ModelRule = keyof typeof MODEL_RULES;

/**
 * In this order: the exact id, an alias, the same name spelt otherwise, the newest of its family, and last the name
 * as it is. Whatever differs from the client's own spelling is noted.
 */
export function resolveModel(requested: string, catalogue: Catalogue): ResolvedModel {
  const exact = catalogue.models.find((model) => model.id === requested);
  if (exact) return { id: exact.id, model: exact, adjustments: [] };
  const same = findAlias(requested, catalogue) ?? findSpelling(requested, catalogue);
  if (same) return resolved(same, 'model-alias', requested);
  const relative = findFamily(requested, catalogue);
  if (relative) return resolved(relative, 'model-family', requested);
  return passThrough(requested, catalogue);
}

function resolved(model: Model, rule: ModelRule, requested: string): ResolvedModel {
  return { id: model.id, model, adjustments: [note(rule, requested, model.id)] };
}

function note(rule: ModelRule, before: string, after: string): Adjustment {
  return adjustment(rule, 'model', before.slice(0, MAX_NAME_CHARS), after.slice(0, MAX_NAME_CHARS));
}

/** A name in a note; the longest known one has 31 characters. */
const MAX_NAME_CHARS = 100;

const ALIASES: ReadonlyMap<string, string> = new Map(Object.entries(aliases));

function findAlias(requested: string, catalogue: Catalogue): Model | undefined {
  const key = modelKey(requested);
  const id = key === 'default' ? catalogue.defaultModelId : ALIASES.get(key);
  return catalogue.models.find((model) => model.id === id);
}

function findSpelling(requested: string, catalogue: Catalogue): Model | undefined {
  const key = modelKey(requested);
  return catalogue.models.find((model) => modelKey(model.id) === key);
}

function findFamily(requested: string, catalogue: Catalogue): Model | undefined {
  const family = familyOf(requested);
  if (!family) return undefined;
  return catalogue.models
    .filter((model) => familyOf(model.id) === family)
    .reduce<Model | undefined>(
      (best, model) => (best && compareVersions(best.id, model.id) >= 0 ? best : model),
      undefined,
    );
}

/** Without a catalogue to compare with, a Claude name is at least written the way the service does. */
function passThrough(requested: string, catalogue: Catalogue): ResolvedModel {
  const id = catalogue.models.length === 0 ? wireSpelling(requested) : requested;
  return { id, model: undefined, adjustments: [note('model-passed-through', requested, id)] };
}

function parseObject(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function count(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && value > 0 ? Math.floor(value) : undefined;
}
