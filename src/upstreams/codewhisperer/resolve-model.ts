/** Finds the catalogue model that a client's name means. A named version is never replaced by another. */
import { LRUCache } from 'lru-cache';
import { type Adjustment, adjustment } from '../../core/adjustments.ts';
import { isReasoningWord, NOTHING_NAMED, reasoningOfName, reasoningOfTokens } from '../../core/model-name.ts';
import type { Catalogue, Model } from '../../core/models.ts';
import type { ResolvedModel } from '../upstream.ts';
import aliases from './model-aliases.json' with { type: 'json' };
import {
  compareVersions,
  familiesOf,
  includesName,
  type ModelName,
  ROUTER,
  readModelName,
  wireSpelling,
} from './model-names.ts';

/** Every adjustment that choosing a model can make, and what it means. */
export const MODEL_RULES = {
  'model-alias': 'The model was requested under a different spelling or name than the service lists.',
  'model-default': 'The name is not in any of the service’s model families; the account’s default model is used.',
  'model-family': 'The name has no version; the newest model of its family is used.',
  'model-passed-through': 'The service’s catalogue does not list the model; the name was passed on.',
  'model-suffix-ignored': 'Words at the end of the model’s name are unknown to the service and were left out.',
} as const satisfies Record<string, string>;

type ModelRule = keyof typeof MODEL_RULES;

/**
 * In this order: the exact id; the listed model with the same family, version and words; for a name without a version
 * the newest of its family; for a name without a family the default model; otherwise the name itself.
 */
export function resolveModel(requested: string, catalogue: Catalogue): ResolvedModel {
  const index = indexOf(catalogue);
  const known = index.resolved.get(requested);
  if (known) return known;
  const resolved = findModel(requested, catalogue, index);
  if (requested.length <= MAX_NAME_CHARS) index.resolved.set(requested, resolved);
  return resolved;
}

function findModel(requested: string, catalogue: Catalogue, { families, candidates }: Index): ResolvedModel {
  const exact = catalogue.models.find((model) => model.id === requested);
  if (exact) return { match: 'listed', id: exact.id, model: exact, reasoning: NOTHING_NAMED, adjustments: [] };
  const name = readModelName(requested, families);
  const same = mostSpecific(candidates.filter((candidate) => includesName(name, candidate.name)));
  if (same) return listed(same, 'model-alias', requested, name);
  const isUnlistedRouter = catalogue.models.length === 0 && isNamed(name, ROUTER);
  if (name.family === undefined && !isUnlistedRouter) return defaultModel(requested, catalogue, name);
  const newest = name.version.length === 0 ? newestOf(name, candidates) : undefined;
  return newest ? listed(newest, 'model-family', requested, name) : unlisted(requested, name);
}

interface Candidate {
  readonly model: Model;
  readonly name: ModelName;
}

interface Index {
  readonly families: ReadonlySet<string>;
  /** The models of the catalogue under their ids and under their aliases. */
  readonly candidates: readonly Candidate[];
  /** By the name requested: finding a model takes 6 µs, and clients request few names. */
  readonly resolved: LRUCache<string, ResolvedModel>;
}

/** Cached: every request resolves a name, and a catalogue lives for an hour. */
const INDEXES = new WeakMap<Catalogue, Index>();

function indexOf(catalogue: Catalogue): Index {
  const cached = INDEXES.get(catalogue);
  if (cached) return cached;
  const families = familiesOf(catalogue.models.map(({ id }) => id));
  const candidates = catalogue.models.flatMap((model) => {
    const names = [model.id, ...(ALIASES.get(model.id) ?? [])];
    return names.map((id) => ({ model, name: readModelName(id, families) }));
  });
  const index: Index = { families, candidates, resolved: new LRUCache({ max: 200 }) };
  INDEXES.set(catalogue, index);
  return index;
}

function isNamed({ words, version }: ModelName, word: string): boolean {
  return version.length === 0 && words.length === 1 && words[0] === word;
}

/** Id → aliases. */
const ALIASES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(Object.groupBy(Object.entries(aliases), ([, id]) => id)).map(([id, entries = []]) => [
    id,
    entries.map(([alias]) => alias),
  ]),
);

/** The candidate with the most words. undefined if two are tied, because the name is ambiguous. */
function mostSpecific(candidates: readonly Candidate[]): Candidate | undefined {
  const most = Math.max(...candidates.map(({ name }) => name.words.length));
  const [first, ...others] = candidates.filter(({ name }) => name.words.length === most);
  const isClear = others.every(({ name }) => first && name.words.every((word) => first.name.words.includes(word)));
  return isClear ? first : undefined;
}

/** Of the newest version, the one that shares the most words with the name, then the one with the fewest words. */
function newestOf(name: ModelName, candidates: readonly Candidate[]): Candidate | undefined {
  const family = candidates.filter((candidate) => candidate.name.family === name.family);
  const shared = (candidate: Candidate) => candidate.name.words.filter((word) => name.words.includes(word)).length;
  const order = (one: Candidate, other: Candidate) =>
    compareVersions(other.name.version, one.name.version) ||
    shared(other) - shared(one) ||
    one.name.words.length - other.name.words.length;
  const [best, second] = family.toSorted(order);
  return best && second && second.model !== best.model && order(best, second) === 0 ? undefined : best;
}

function listed(
  { model, name: listedName }: Candidate,
  rule: ModelRule,
  requested: string,
  name: ModelName,
): ResolvedModel {
  const extraWords = name.words.filter((word) => !listedName.words.includes(word));
  const adjustments = [note(rule, requested, model.id), ...suffixNotes(extraWords)];
  return { match: 'listed', id: model.id, model, reasoning: reasoningOfTokens(extraWords), adjustments };
}

/** If the catalogue names no default: its `auto` model, or no id, which leaves the choice to the service. */
function defaultModel(requested: string, { models, defaultModelId }: Catalogue, name: ModelName): ResolvedModel {
  const model = models.find(({ id }) => id === (defaultModelId ?? ROUTER));
  const id = model?.id ?? defaultModelId;
  const isExplicit = isNamed(name, 'default') || isNamed(name, ROUTER);
  return {
    match: isExplicit ? 'listed' : 'default',
    id,
    model,
    reasoning: reasoningOfName(requested),
    adjustments: [note(isExplicit ? 'model-alias' : 'model-default', requested, id)],
  };
}

function unlisted(requested: string, name: ModelName): ResolvedModel {
  const id = wireSpelling(requested, name);
  const adjustments = [note('model-passed-through', requested, id)];
  return { match: 'unlisted', id, model: undefined, reasoning: reasoningOfName(requested), adjustments };
}

function suffixNotes(extraWords: readonly string[]): readonly Adjustment[] {
  const ignored = extraWords.filter((word) => !isReasoningWord(word));
  return ignored.length === 0 ? [] : [note('model-suffix-ignored', ignored.join('-'), undefined)];
}

function note(rule: ModelRule, before: string, after: string | undefined): Adjustment {
  return adjustment(rule, 'model', before.slice(0, MAX_NAME_CHARS), after?.slice(0, MAX_NAME_CHARS));
}

/** Length of a name in an adjustment; the longest known one has 31 characters. */
const MAX_NAME_CHARS = 100;
