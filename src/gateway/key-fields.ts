/** Checks what the owner of the gateway wants to set about a client API key. */
import { GROUP_PATTERN } from '../accounts/options.ts';
import { GatewayError } from '../core/errors.ts';
import { checkedLabel } from '../core/labels.ts';
import type { KeyChange, KeyFields, KeyLimits } from './stored-keys.ts';

/** Minimum and maximum, inclusive. */
const LIMIT_RANGES: Readonly<Record<keyof KeyLimits, readonly [number, number]>> = {
  requestsPerMinute: [1, 1_000_000],
  concurrency: [1, 10_000],
  tokensPerMinute: [1, 1_000_000_000],
  creditsPerDay: [0.001, 1_000_000_000],
  creditsPerMonth: [0.001, 1_000_000_000],
};

/** The service charges fractions of a credit; everything else is counted in whole numbers. */
const FRACTIONS: ReadonlySet<keyof KeyLimits> = new Set(['creditsPerDay', 'creditsPerMonth']);

export const LIMIT_NAMES = [
  'requestsPerMinute',
  'concurrency',
  'tokensPerMinute',
  'creditsPerDay',
  'creditsPerMonth',
] as const satisfies readonly (keyof KeyLimits)[];

const MAX_NOTE_CHARS = 1_000;
const MAX_PATTERNS = 100;
const MAX_PATTERN_CHARS = 200;
/** Years beyond this one have five digits, which RFC 3339 does not allow. */
const LAST_EXPIRY_MS = Date.parse('9999-12-31T00:00:00.000Z');

const NO_LIMITS: KeyLimits = {
  requestsPerMinute: undefined,
  concurrency: undefined,
  tokensPerMinute: undefined,
  creditsPerDay: undefined,
  creditsPerMonth: undefined,
};

/** Throws `invalid_request` naming the field (`param`), what is wrong with it and what is accepted. */
export function checkedChange(change: KeyChange, nowMs: number): KeyChange {
  const { name, owner, note, enabled, expiresAtMs, models, group } = change;
  const limits: { -readonly [Name in keyof KeyLimits]?: KeyChange[Name] } = {};
  for (const limit of LIMIT_NAMES) limits[limit] = checkedLimit(limit, change[limit]);
  return {
    name: name === undefined ? undefined : checkedLabel(name, "A key's name", 'name'),
    owner: owner === undefined || isBlank(owner) ? clearedBy(owner) : checkedLabel(owner, "A key's owner", 'owner'),
    note: note === undefined || isBlank(note) ? clearedBy(note) : checkedNote(note),
    enabled,
    expiresAtMs: typeof expiresAtMs === 'number' ? checkedExpiry(expiresAtMs, nowMs) : expiresAtMs,
    models: models === undefined || models === null || models.length === 0 ? clearedBy(models) : checkedModels(models),
    group: group === undefined || isBlank(group) ? clearedBy(group) : checkedGroup(group),
    ...limits,
  };
}

/** The fields of a new key. Throws as `checkedChange`. */
export function newFields(change: KeyChange & { readonly name: string }, nowMs: number): KeyFields {
  const { name = change.name, enabled, ...checked } = checkedChange(change, nowMs);
  const limits: { -readonly [Name in keyof KeyLimits]: number | undefined } = { ...NO_LIMITS };
  for (const limit of LIMIT_NAMES) limits[limit] = checked[limit] ?? undefined;
  return {
    name,
    enabled: enabled ?? true,
    owner: checked.owner ?? undefined,
    note: checked.note ?? undefined,
    expiresAtMs: checked.expiresAtMs ?? undefined,
    models: checked.models ?? undefined,
    group: checked.group ?? undefined,
    ...limits,
  };
}

/** A form sends an empty field to clear it. */
function isBlank(text: string | null): text is null {
  return text === null || text.trim() === '';
}

function clearedBy(value: unknown): null | undefined {
  return value === undefined ? undefined : null;
}

function checkedNote(note: string): string {
  const trimmed = note.trim();
  if (trimmed.length <= MAX_NOTE_CHARS && !/[^\P{Cc}\n\t]/u.test(trimmed)) return trimmed;
  throw invalid('note', `A key's note must be at most ${MAX_NOTE_CHARS} characters of text.`);
}

function checkedExpiry(expiresAtMs: number, nowMs: number): number {
  if (expiresAtMs > nowMs) return Math.min(expiresAtMs, LAST_EXPIRY_MS);
  throw invalid('expiresAt', 'expiresAt must be in the future.');
}

function checkedModels(models: readonly string[]): readonly string[] {
  const wrong = models.find((pattern) => !/^[^\s\p{Cc}]+$/u.test(pattern) || pattern.length > MAX_PATTERN_CHARS);
  if (wrong !== undefined) {
    const shown = JSON.stringify(wrong.slice(0, 64));
    const accepted = `a name such as claude-sonnet-4.5, or a pattern such as claude-*, of at most ${MAX_PATTERN_CHARS} characters`;
    throw invalid('models', `${shown} is not a model pattern. Use ${accepted}.`);
  }
  const unique = [...new Set(models)];
  if (unique.length > MAX_PATTERNS) throw invalid('models', `A key can have at most ${MAX_PATTERNS} model patterns.`);
  return unique;
}

function checkedGroup(group: string): string {
  if (GROUP_PATTERN.test(group)) return group;
  const shown = JSON.stringify(group.slice(0, 64));
  throw invalid('group', `${shown} is not a group name. Use at most 32 lower-case letters, digits, dots and dashes.`);
}

function checkedLimit(name: keyof KeyLimits, value: number | null | undefined): number | null | undefined {
  if (value === undefined || value === null) return value;
  const [min, max] = LIMIT_RANGES[name];
  const isFraction = FRACTIONS.has(name);
  if (value >= min && value <= max && (isFraction || Number.isInteger(value))) return value;
  const kind = isFraction ? 'number' : 'whole number';
  throw invalid(name, `${name} is ${value}; it must be a ${kind} from ${min} to ${max}, or null for no limit.`);
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
