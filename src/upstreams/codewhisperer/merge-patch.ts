/** JSON Merge Patch (RFC 7396): objects are merged, everything else replaces what was there, null removes it. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const before = merged[name];
    if (value === null || value === undefined) delete merged[name];
    else merged[name] = isJsonObject(value) ? mergePatch(isJsonObject(before) ? before : {}, value) : value;
  }
  return merged;
}
