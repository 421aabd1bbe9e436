/** The tables in docs/rules.md; a test compares the two. */
import { WIRE_RULES } from './lint/rules.ts';
import type { WireRule } from './lint/wire-rule.ts';
import { SHIPPED_PROFILES } from './profiles.ts';
import { READING_RULES, type ReadingRule } from './readings/rules.ts';

export function ruleMarkdown(): string {
  const rows = Object.entries(WIRE_RULES).map(([id, rule]) => ruleRow(id, rule));
  return [
    '| rule | meaning | | path | limit | mended by | source |',
    '|---|---|---|---|---|---|---|',
    ...rows.toSorted(),
  ].join('\n');
}

function ruleRow(
  id: string,
  { description, severity, path, limit, repairs, source, evidence, date }: WireRule,
): string {
  const mending = repairs.map((rule) => `\`${rule}\``).join(', ');
  return `| \`${id}\` | ${description} | ${severity} | \`${path}\` | ${limitText(limit)} | ${mending} | ${source} (${evidence}, ${date}) |`;
}

/** Members of the wire profile with their values; anything else as it is. */
function limitText(limit: string | undefined): string {
  if (limit === undefined) return '';
  const members = limit.split(', ');
  if (!members.every((member) => valuesOf(member).length > 0)) return limit;
  return members.map((member) => `\`${member}\`${valueText(valuesOf(member))}`).join(', ');
}

/** Of a member in all shipped profiles, each once, as text. Empty: there is no such member. */
function valuesOf(member: string): readonly string[] {
  const values = SHIPPED_PROFILES.list().map(({ profile }) => memberText(profile, member.split('.')));
  return [...new Set(values.filter((value) => value !== undefined))];
}

function memberText(value: unknown, [name, ...rest]: readonly string[]): string | undefined {
  if (name === undefined) return value === undefined ? undefined : shown(value);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? memberText(Object.getOwnPropertyDescriptor(value, name)?.value, rest)
    : undefined;
}

function shown(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en');
  return value instanceof RegExp ? `\`${value.source}\`` : typeof value === 'boolean' ? String(value) : '';
}

/** Lists are too long for a table, and profiles differ in flags. */
function valueText(values: readonly string[]): string {
  const [value = ''] = values;
  return values.length > 1 || value === '' ? ' (by wire profile)' : ` = ${value}`;
}

export function readingMarkdown(): string {
  const rows = Object.entries(READING_RULES).flatMap(([id, rule]) => readingRows(id, rule));
  return ['| rule | reading | meaning | | evidence |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The first row of a rule has its question. */
function readingRows(id: string, { question, path, readings, usual, safest, date }: ReadingRule): string[] {
  const head = `| \`${id}\` | | ${question} At \`${path}\`. | ${usual === 'profile' ? 'by wire profile' : ''} | ${date} |`;
  const rows = Object.entries(readings).map(([name, { meaning, evidence }]) => {
    const marks = [...(name === usual ? ['default'] : []), ...(name === safest ? ['safest'] : [])];
    return `| | \`${name}\` | ${meaning} | ${marks.join(', ')} | ${evidence} |`;
  });
  return [head, ...rows];
}
