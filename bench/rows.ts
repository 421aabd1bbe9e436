/** A row of the result table: one figure for each subject, their ratio, and whether it meets the budget. */
import type { SubjectName } from './subjects.ts';

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly values: Readonly<Partial<Record<SubjectName, number>>>;
  /** The subject that dragoman is compared with; undefined if there is none. */
  readonly reference: SubjectName | undefined;
  /** dragoman / reference. */
  readonly ratio: number | undefined;
  readonly budget: string;
  /** Undefined without a budget, or if not measured against the budget's reference. */
  readonly met: boolean | undefined;
  readonly note: string;
}

export type Budget =
  | { readonly type: 'none' }
  /** Relative to nginx's figure in the same run. */
  | { readonly type: 'ratio'; readonly atLeast: number }
  | { readonly type: 'ratio'; readonly atMost: number }
  /** In the row's own unit. */
  | { readonly type: 'value'; readonly atMost: number };

export interface Figures {
  readonly name: string;
  readonly unit: string;
  readonly values: Row['values'];
  readonly budget: Budget;
  readonly note?: string;
}

export function toRow({ name, unit, values, budget, note = '' }: Figures): Row {
  const reference = (['nginx', 'direct'] as const).find((subject) => values[subject] !== undefined);
  const ratio = ratioOf(values.dragoman, reference && values[reference]);
  // The budgets' ratios refer to nginx and do not apply to any other reference.
  const met = isMet(budget, reference === 'nginx' ? ratio : undefined, values.dragoman);
  return { name, unit, values, reference, ratio, budget: budgetText(budget, unit), met, note };
}

function isMet(budget: Budget, ratio: number | undefined, value: number | undefined): boolean | undefined {
  if (budget.type === 'none') return undefined;
  const figure = budget.type === 'ratio' ? ratio : value;
  if (figure === undefined || Number.isNaN(figure)) return undefined;
  return 'atLeast' in budget ? figure >= budget.atLeast : figure <= budget.atMost;
}

/** A difference may be zero or negative, which gives no ratio. */
function ratioOf(value: number | undefined, reference: number | undefined): number | undefined {
  return value === undefined || reference === undefined || reference <= 0 ? undefined : value / reference;
}

function budgetText(budget: Budget, unit: string): string {
  if (budget.type === 'none') return '';
  if (budget.type === 'value') return `≤ ${budget.atMost} ${unit}`;
  return 'atLeast' in budget ? `≥ ${budget.atLeast.toFixed(2)} ×` : `≤ ${budget.atMost.toFixed(1)} ×`;
}

/** A Markdown table, aligned so that a terminal shows it well, and the notes below it. */
export function tableText(rows: readonly Row[]): string {
  const notes = rows.map((row) => row.note).filter((note, index, all) => note !== '' && all.indexOf(note) === index);
  const cells = rows.map((row) => [
    `${row.name}${row.unit ? `, ${row.unit}` : ''}${row.note ? ` (${notes.indexOf(row.note) + 1})` : ''}`,
    figureText(row.values.dragoman),
    figureText(row.values.nginx),
    figureText(row.values.direct),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(2)}${row.reference === 'direct' ? ' of direct' : ''}`,
    row.budget,
    row.met === undefined ? '' : row.met ? 'yes' : 'no',
  ]);
  const head = ['what', 'dragoman', 'nginx', 'direct', 'ratio', 'budget', 'met'];
  const widths = head.map((title, column) =>
    Math.max(...[head, ...cells].map((row) => [...(row[column] ?? title)].length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const below = notes.map((note, index) => `(${index + 1}) ${note}`);
  return [line(head), rule, ...cells.map(line), '', ...below].join('\n').trimEnd();
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}

/** Three significant digits. */
export function figureText(value: number | undefined): string {
  if (value === undefined) return '';
  if (Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
