/**
 * Reads model names. One model has many spellings: `claude-sonnet-4.5`, `claude-sonnet-4-5-20250929`,
 * `CLAUDE_SONNET_4_5_20250929_V1_0`, `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `anthropic/claude-4.5-sonnet`.
 * They share the family, the version and the words, in any order.
 */
import { isReasoningWord, tokensOfName } from '../../core/model-name.ts';
import data from './model-families.json' with { type: 'json' };

export interface ModelName {
  /** `opus`, `gpt`, `deepseek`; undefined: the name is not in any of the service's families. */
  readonly family: string | undefined;
  /** `['4', '5']`, without trailing zeros; letters stay: `['4o']`. Empty: the name has no version. */
  readonly version: readonly string[];
  /** The words from the family's name on, with sizes such as `1m`, without dates, revisions and the version. */
  readonly words: readonly string[];
}

/** `listed`: families in the account's catalogue, which may be newer than those known here. */
export function readModelName(name: string, listed: ReadonlySet<string>): ModelName {
  const tokens = tokensOfName(name);
  const match = findFamily(tokens, listed);
  const start = match?.start ?? 0;
  const [first, end] = findVersion(tokens, start);
  const version = withoutTrailingZeros(tokens.slice(first, end));
  return {
    family: match && belongsToService(match.family, version) ? match.family : undefined,
    version,
    words: tokens.filter((token, place) => place >= start && !(place >= first && place < end) && isWord(token)),
  };
}

/** The families of the models listed in a catalogue. */
export function familiesOf(ids: readonly string[]): ReadonlySet<string> {
  const families = ids.map((id) => tokensOfName(id).filter((token) => token !== 'claude')[0] ?? id);
  return new Set(families.filter((family) => family !== ROUTER));
}

/** The service's own choice among its models; not a family. */
export const ROUTER = 'auto';
const CLAUDE = 'claude';
const CLAUDE_LINES: ReadonlySet<string> = new Set(data.claudeLines);
/** Family → the first major version that the service offered. */
const OTHER_FAMILIES: ReadonlyMap<string, number> = new Map(
  data.otherFamilies.map(({ family, firstMajor }) => [family, firstMajor]),
);

function findFamily(
  tokens: readonly string[],
  listed: ReadonlySet<string>,
): { readonly family: string; readonly start: number } | undefined {
  for (const isFamily of [
    (token: string) => CLAUDE_LINES.has(token),
    (token: string) => OTHER_FAMILIES.has(token) || listed.has(token),
    (token: string) => token === CLAUDE,
  ]) {
    const place = tokens.findIndex(isFamily);
    const family = tokens[place];
    if (family === undefined) continue;
    const claude = tokens.lastIndexOf(CLAUDE, place);
    return { family, start: claude >= 0 ? claude : place };
  }
  return undefined;
}

/** Names built into clients, such as `gpt-4o` or `claude`, mean another vendor's model or none. */
function belongsToService(family: string, version: readonly string[]): boolean {
  const [major] = version;
  if (major === undefined) return family !== CLAUDE;
  return Number.parseInt(major, 10) >= (OTHER_FAMILIES.get(family) ?? 0);
}

/** Start and end (exclusive) of the version, which follows the family's name or precedes it: `4.5-sonnet`. */
function findVersion(tokens: readonly string[], familyAt: number): readonly [number, number] {
  const after = tokens.findIndex((token, place) => place >= familyAt && isVersion(token));
  const first = after >= 0 ? after : tokens.findIndex(isVersion);
  if (first < 0) return [tokens.length, tokens.length];
  let end = first + 1;
  while (isNumber(tokens[end - 1]) && isNumber(tokens[end])) end++;
  return [first, end];
}

/** `4`, `45`, `4o`; neither a date (`20250929`, `2507`) nor a size (`1m`, `200k`, `30b`). */
function isVersion(token: string): boolean {
  return /^\d{1,3}[a-z]*$/.test(token) && !isSize(token);
}

function isNumber(token: string | undefined): boolean {
  return token !== undefined && /^\d{1,3}$/.test(token);
}

function isSize(token: string): boolean {
  return /^\d+[kmb]$/.test(token);
}

/** `v` precedes versions (`deepseek-v3.2`) and revisions (`-v1:0`); `opus` implies `claude`. */
const IMPLIED: ReadonlySet<string> = new Set([CLAUDE, 'v', 'latest']);

function isWord(token: string): boolean {
  return !IMPLIED.has(token) && (/^[a-z#]/.test(token) || isSize(token));
}

function withoutTrailingZeros(version: readonly string[]): readonly string[] {
  const last = version.findLastIndex((part, place) => place === 0 || Number(part) !== 0);
  return version.slice(0, last + 1).map((part) => part.replace(/^0+(?=\d)/, ''));
}

/** Whether the requested name has the other's family, version and all its words. */
export function includesName(requested: ModelName, other: ModelName): boolean {
  return (
    requested.family === other.family &&
    requested.version.join('.') === other.version.join('.') &&
    other.words.every((word) => requested.words.includes(word))
  );
}

/** Positive if the first is newer. */
export function compareVersions(one: readonly string[], other: readonly string[]): number {
  for (let place = 0; place < Math.max(one.length, other.length); place++) {
    const difference = Number.parseInt(one[place] ?? '0', 10) - Number.parseInt(other[place] ?? '0', 10);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * A name that the catalogue does not list, in the service's spelling: `claude-sonnet-4.5`. Names of other vendors only
 * lose the vendor's path and any words about reasoning or size.
 */
export function wireSpelling(requested: string, { family, version }: ModelName): string {
  if (family !== undefined && version.length > 0 && (family === CLAUDE || CLAUDE_LINES.has(family))) {
    return [CLAUDE, ...(family === CLAUDE ? [] : [family]), version.join('.')].join('-');
  }
  let bare = requested.slice(requested.lastIndexOf('/') + 1).trim();
  for (let before = ''; before !== bare && bare.length <= MAX_SPELLING_CHARS; ) {
    before = bare;
    bare = bare.replace(/[-_:.\s]*[([]?([a-z]+|\d+[km])[)\]]?$/i, (suffix, word: string) =>
      isReasoningWord(word.toLowerCase()) || isSize(word.toLowerCase()) ? '' : suffix,
    );
  }
  return bare === '' ? requested : bare;
}

/** Anything longer is not a name and is left unchanged. */
const MAX_SPELLING_CHARS = 256;
