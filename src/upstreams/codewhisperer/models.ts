/** The service's model catalogue: the models an account may use (operation ListAvailableModels). */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../core/json.ts';
import type { Catalogue, Model } from '../../core/models.ts';
import type { Access } from '../upstream.ts';
import { defaultOf, effortMember, outputLimitRange } from './model-schema.ts';
import { SHIPPED_PROFILES, type WireProfiles } from './profiles.ts';

/** One page. Members may be missing or null. Throws `upstream_broken` for a body without a list of models. */
export function decodeModels(body: string): { catalogue: Catalogue; nextToken: string | undefined } {
  const answer = parseJsonObject(body);
  const listed = answer?.models;
  if (!answer || !Array.isArray(listed))
    throw new GatewayError('upstream_broken', 'The service returned an unexpected response to ListAvailableModels.');
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

/** For wire profiles that cannot list models: names alone. */
export function fixedCatalogue(
  { wireProfile: id }: Pick<Access, 'wireProfile'>,
  profiles: WireProfiles = SHIPPED_PROFILES,
): Catalogue | undefined {
  const { models } = profiles.get(id);
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
  const caching = object(entry.promptCaching);
  const { additionalModelRequestFieldsSchema: fields } = entry;
  const schema = isJsonObject(fields) ? fields : undefined;
  const effort = schema && effortMember(schema);
  return {
    id,
    name: text(entry.modelName) ?? text(entry.displayName) ?? id,
    description: text(entry.description),
    maxInputTokens: count(limits.maxInputTokens) ?? count(metadata.maxInputTokens),
    maxOutputTokens: count(limits.maxOutputTokens),
    takesImages: takesImages(entry.supportedInputTypes, metadata.supportsImages),
    promptCaching: supportsCaching(entry),
    maxCachePoints: count(caching.maximumCacheCheckpointsPerRequest),
    minCachedTokens: count(caching.minimumTokensPerCacheCheckpoint),
    refusalFallbacks: texts(entry.refusalFallbackModels),
    rateMultiplier: typeof entry.rateMultiplier === 'number' ? entry.rateMultiplier : undefined,
    rateUnit: text(entry.rateUnit),
    reasoningSchema: schema,
    efforts: effort?.efforts,
    defaultEffort: schema && effort && defaultOf(schema, effort.holder, 'effort'),
    outputLimit: schema && outputLimitRange(schema),
  };
}

/** Unknown counts as yes: the service can still refuse an image, whereas an image left out is lost. */
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

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Names alone, or entries with a `modelId`. undefined if there are none. */
function texts(value: JsonValue | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const ids = value.map((item) => text(isJsonObject(item) ? item.modelId : item)).filter((id) => id !== undefined);
  return ids.length === 0 ? undefined : ids;
}

function count(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && value > 0 ? Math.floor(value) : undefined;
}
