/** The tables in docs/rules.md; a test compares the two. */
import { READING_RULES, type ReadingRule } from './readings/rules.ts';

export function readingMarkdown(): string {
  const rows = Object.entries(READING_RULES).flatMap(([id, rule]) => rowsOf(id, rule));
  return ['| rule | reading | meaning | | evidence |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The first row of a rule has its question. */
function rowsOf(id: string, { question, path, readings, usual, safest, date }: ReadingRule): string[] {
  const head = `| \`${id}\` | | ${question} At \`${path}\`. | ${usual === 'profile' ? 'by wire profile' : ''} | ${date} |`;
  const rows = Object.entries(readings).map(([name, { meaning, evidence }]) => {
    const marks = [...(name === usual ? ['default'] : []), ...(name === safest ? ['safest'] : [])];
    return `| | \`${name}\` | ${meaning} | ${marks.join(', ')} | ${evidence} |`;
  });
  return [head, ...rows];
}
