/**
 * Facts about models beyond their catalogue entries. Sources: published live tests of autumn 2026 with
 * `thinking.type: disabled` (refused by the models that always think) and with thinking tags in the prompt (which newer
 * models refuse as an attempt to extract their reasoning).
 */
import { compareVersions, includesName, readModelName } from './model-names.ts';
import data from './model-traits.json' with { type: 'json' };

const LAST_WITH_TAGS: ReadonlyMap<string, string> = new Map(Object.entries(data.lastVersionWithThinkingTags));
const NO_LISTED_FAMILIES: ReadonlySet<string> = new Set();
const ALWAYS_THINK = data.alwaysThink.map((id) => readModelName(id, NO_LISTED_FAMILIES));

/** The model refuses to turn thinking off, whatever its schema says. */
export function alwaysThinks(modelId: string): boolean {
  const name = readModelName(modelId, NO_LISTED_FAMILIES);
  return ALWAYS_THINK.some((model) => includesName(name, model));
}

/** The model has no native reasoning, and thinks between tags if the system text asks for it. */
export function followsThinkingTags(modelId: string): boolean {
  const name = readModelName(modelId, NO_LISTED_FAMILIES);
  const last = name.family === undefined ? undefined : LAST_WITH_TAGS.get(name.family);
  return last !== undefined && name.version.length > 0 && compareVersions(name.version, last.split('.')) <= 0;
}
