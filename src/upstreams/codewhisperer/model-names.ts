/**
 * One model, many spellings: `claude-sonnet-4.5`, `claude-sonnet-4-5-20250929`, `claude-sonnet-4-5-latest`,
 * `CLAUDE_SONNET_4_5_20250929_V1_0`, `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `anthropic/claude-4.5-sonnet`.
 */

const FAMILIES = ['opus', 'sonnet', 'haiku', 'fable'] as const;
type Family = (typeof FAMILIES)[number];

/** Equal for two names exactly when they are spellings of one model. For comparing only: no service takes it. */
export function modelKey(name: string): string {
  if (name.length > MAX_NAME_CHARS) return name;
  let key = name.trim().toLowerCase().replaceAll('_', '-').replaceAll('@', '-');
  key = key.slice(key.lastIndexOf('/') + 1).replace(/^(?:[a-z]+\.)?anthropic\./, '');
  for (let before = ''; before !== key; ) {
    before = key;
    key = key.replace(DECORATION, '');
  }
  return key
    .replaceAll('.', '-')
    .replace(/^claude-(\d+(?:-\d+)?)-([a-z]+)$/, 'claude-$2-$1')
    .replace(/^(claude-[a-z]+-\d+)-0$/, '$1');
}

/** Far above any real name; a client may send anything. */
const MAX_NAME_CHARS = 256;

/** What clients hang on to a name: window and thinking switches, snapshot dates, Bedrock's version. */
const DECORATION = /\[1m\]$|-(?:latest|thinking|\d{8})$|-v\d+[:-]\d+$/;

/** As the service writes it today: `claude-sonnet-4.5`. Names which are not Claude's stay as they are. */
export function wireSpelling(name: string): string {
  const key = modelKey(name);
  const claude = /^(claude-[a-z]+)-(\d+)(?:-(\d{1,2}))?$/.exec(key);
  if (!claude) return name;
  const [, family, major, minor] = claude;
  return minor === undefined ? `${family}-${major}` : `${family}-${major}.${minor}`;
}

export function familyOf(name: string): Family | undefined {
  const lower = name.toLowerCase();
  return FAMILIES.find((family) => lower.includes(family));
}

/** Positive when the first is newer. Of equal versions the plainer name wins. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [versionOf(one), versionOf(other)];
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const difference = (a[place] ?? 0) - (b[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return other.length - one.length;
}

function versionOf(name: string): readonly number[] {
  return (modelKey(name).match(/\d+/g) ?? []).map(Number);
}
