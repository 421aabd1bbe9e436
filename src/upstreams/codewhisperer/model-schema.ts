/**
 * Reads a model's `additionalModelRequestFieldsSchema`. Known members: `thinking` {type, display, budget_tokens},
 * `output_config` {effort} (Claude) or `reasoning` {effort} (GPT), and `max_tokens`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

export function property(schema: JsonObject, name: string): JsonObject | undefined {
  const { properties } = schema;
  const value = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isJsonObject(value) ? value : undefined;
}

/** The values allowed for `schema.holder.name`; empty if the schema does not list them. */
export function choices(schema: JsonObject, holder: string, name: string): readonly string[] {
  const inner = member(schema, holder, name);
  const values: readonly JsonValue[] = Array.isArray(inner?.enum) ? inner.enum : [inner?.const ?? null];
  return values.filter((value) => typeof value === 'string');
}

/** The default of `schema.holder.name`, if it is an allowed value. */
export function defaultOf(schema: JsonObject, holder: string, name: string): string | undefined {
  const value = member(schema, holder, name)?.default;
  return choices(schema, holder, name).find((choice) => choice === value);
}

function member(schema: JsonObject, holder: string, name: string): JsonObject | undefined {
  const outer = property(schema, holder);
  return outer && property(outer, name);
}

export interface EffortMember {
  readonly holder: 'output_config' | 'reasoning';
  readonly efforts: readonly string[];
}

export function effortMember(schema: JsonObject): EffortMember | undefined {
  for (const holder of ['output_config', 'reasoning'] as const) {
    const efforts = choices(schema, holder, 'effort');
    if (efforts.length > 0) return { holder, efforts };
  }
  return undefined;
}

export function showsReasoning(schema: JsonObject): boolean {
  return effortMember(schema) !== undefined || property(schema, 'thinking') !== undefined;
}

/** Bounds of `max_tokens`, in tokens; undefined: the model does not accept the field. */
export function outputLimitRange(schema: JsonObject): { readonly min: number; readonly max: number } | undefined {
  const limit = property(schema, 'max_tokens');
  if (!limit) return undefined;
  return { min: bound(limit.minimum) ?? 1, max: bound(limit.maximum) ?? Number.MAX_SAFE_INTEGER };
}

function bound(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
