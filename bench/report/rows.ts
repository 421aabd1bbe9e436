/** A row of the result table: a figure for each subject, dragoman's ratio to a reference, and whether it meets the budget. */
import { median } from '../statistics.ts';
import { REFERENCES, type SubjectName } from '../subjects/subject.ts';
import { type Budget, budgetShare, budgetText } from './budgets.ts';

export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Medians over the rounds. */
  readonly values: Readonly<Record<SubjectName, number>>;
  /** dragoman relative to a reference; undefined if there is none. */
  readonly ratio: Ratio | undefined;
  /** dragoman relative to `floor`: how far it is from the smallest program that does the work. */
  readonly toFloor: Ratio | undefined;
  readonly budget: Budget | undefined;
  /** 1: the budget is just met. Undefined without a budget, or if not measured against the budget's reference. */
  readonly budgetShare: number | undefined;
  readonly note: string;
}

/** dragoman's figure divided by the reference's of the same round: the median of all rounds, the lowest and the highest. */
interface Ratio {
  readonly to: SubjectName;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface Figures {
  readonly name: string;
  readonly unit: string;
  /** One figure for each round. */
  readonly rounds: Readonly<Record<SubjectName, readonly number[]>>;
  readonly budget?: Budget;
  readonly note?: string;
}

export function toRow({ name, unit, rounds, budget, note = '' }: Figures): Row {
  const known = Object.entries(rounds).filter(([, figures]) => figures.length > 0);
  const values = Object.fromEntries(known.map(([subject, figures]) => [subject, median(figures)]));
  const wanted = budget?.type === 'ratio' ? budget.to : undefined;
  const reference = [wanted, ...REFERENCES].find((subject) => subject !== undefined && values[subject] !== undefined);
  const ratioTo = (subject: SubjectName) => ratioOf(rounds.dragoman ?? [], rounds[subject] ?? [], subject);
  const ratio = reference === undefined ? undefined : ratioTo(reference);
  const figure = budget?.type === 'ratio' ? (ratio?.to === budget.to ? ratio.median : undefined) : values.dragoman;
  const share = budget && figure !== undefined && !Number.isNaN(figure) ? budgetShare(budget, figure) : undefined;
  return { name, unit, values, ratio, toFloor: ratioTo('floor'), budget, budgetShare: share, note };
}

/** A difference may be zero or negative, which gives no ratio. */
function ratioOf(own: readonly number[], others: readonly number[], to: SubjectName): Ratio | undefined {
  const ratios = own.flatMap((figure, round) => {
    const other = others[round] ?? Number.NaN;
    return other > 0 ? [figure / other] : [];
  });
  if (ratios.length === 0) return undefined;
  return { to, median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) };
}

export function isMet({ budgetShare: share }: Row): boolean | undefined {
  return share === undefined ? undefined : share <= 1;
}

/** A Markdown table, aligned so that a terminal shows it well, and the notes below it. */
export function tableText(rows: readonly Row[]): string {
  const notes = rows.map((row) => row.note).filter((note, index, all) => note !== '' && all.indexOf(note) === index);
  const subjects = subjectsOf(rows);
  const hasFloor = rows.some(({ toFloor }) => toFloor !== undefined);
  const cells = rows.map((row) => [
    `${row.name}${row.unit ? `, ${row.unit}` : ''}${row.note ? ` (${notes.indexOf(row.note) + 1})` : ''}`,
    ...subjects.map((subject) => figureText(row.values[subject])),
    ratioText(row.ratio),
    ...(hasFloor ? [row.toFloor === undefined ? '' : `${twoDecimals(row.toFloor.median)} ×`] : []),
    budgetText(row.budget, row.unit),
    isMet(row) === undefined ? '' : isMet(row) ? 'yes' : 'no',
  ]);
  const head = ['what', ...subjects, 'ratio (spread)', ...(hasFloor ? ['of the floor'] : []), 'budget', 'met'];
  const widths = head.map((title, column) =>
    Math.max(...[title, ...cells.map((row) => row[column] ?? '')].map((cell) => [...cell].length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const below = notes.map((note, index) => `(${index + 1}) ${note}`);
  return [line(head), rule, ...cells.map(line), '', ...below].join('\n').trimEnd();
}

/** dragoman, other gateways, then the references. */
function subjectsOf(rows: readonly Row[]): SubjectName[] {
  const found = new Set(rows.flatMap((row) => Object.keys(row.values)));
  const references = REFERENCES.filter((name) => found.delete(name));
  found.delete('dragoman');
  return ['dragoman', ...found, ...references];
}

function ratioText(ratio: Ratio | undefined): string {
  if (!ratio) return '';
  const spread = ratio.lowest === ratio.highest ? '' : ` (${twoDecimals(ratio.lowest)}–${twoDecimals(ratio.highest)})`;
  return `${twoDecimals(ratio.median)} × ${ratio.to}${spread}`;
}

function twoDecimals(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
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
