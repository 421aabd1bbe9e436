/** Where a command writes. Colour only where a person sees it and has not said no (https://no-color.org). */
import { styleText } from 'node:util';
import widthOf from 'fast-string-truncated-width';
import { commandName, withCommandName } from './command-name.ts';

export interface Terminal {
  /** A person reads along: standard output is a terminal. */
  readonly isInteractive: boolean;
  readonly colour: boolean;
  /** How wide it is; absent where nobody looks: in a pipe, lines may be as long as they are. */
  readonly columns?: number;
  /** Aborted when nobody reads standard output any more: `dragoman chat … | head -1`. */
  readonly closed: AbortSignal;
  /** What commands give: passed on as it is. */
  out(text: string): void;
  /** dragoman's own words, on standard output; commands in them are named as the user started this one. */
  say(text: string): void;
  /** The same on standard error. */
  err(text: string): void;
  /** As in `say`, for a text that goes elsewhere. */
  withCommandName(text: string): string;
  style(format: Style, text: string): string;
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export function createTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  const isInteractive = process.stdout.isTTY === true;
  const closed = closedSignal();
  const colour = isInteractive && !env.NO_COLOR && env.TERM !== 'dumb';
  const name = commandName(process.argv[1] ?? '', process.cwd(), env);
  const named = (text: string) => withCommandName(text, name);
  const out = (text: string) => void (closed.aborted || process.stdout.write(text));
  return {
    isInteractive,
    colour,
    ...(isInteractive && process.stdout.columns > 0 ? { columns: process.stdout.columns } : {}),
    closed,
    out,
    say: (text) => out(named(text)),
    err: (text) => void process.stderr.write(named(text)),
    withCommandName: named,
    style: (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text),
  };
}

/**
 * A reader who has had enough is no failure of ours: nothing is said, and the exit code is that of the work done, 0 for
 * work which was broken off because of it. Errors nobody reads do not change the exit code either.
 */
function closedSignal(): AbortSignal {
  const closed = new AbortController();
  process.stdout.on('error', (error) => {
    throwUnlessClosed(error);
    closed.abort();
  });
  process.stderr.on('error', throwUnlessClosed);
  return closed.signal;
}

function throwUnlessClosed(error: NodeJS.ErrnoException): void {
  // EIO: of a terminal that was closed.
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}

/** Columns as wide as their longest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell).width);
  return rows
    .map((row) =>
      row.map((cell, index) => (index === row.length - 1 ? cell : padded(cell, widths[index] ?? 0))).join(GAP),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** `padEnd` in columns of the terminal: 中文 and emoji take two each, combining marks none. */
function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell).width));
}

const GAP = '  ';
/** A cell which is cut keeps so much. */
const LEAST_WIDTH = 6;

/** A table which fits into so many columns: the widest cells are cut, with `…` for what is missing. */
export function fittedTable(rows: readonly (readonly string[])[], columns: number | undefined): string {
  if (columns === undefined) return table(rows);
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell).width);
  const room = columns - GAP.length * (widths.length - 1);
  for (let total = widths.reduce((sum, width) => sum + width, 0); total > room; total--) {
    const widest = Math.max(...widths);
    if (widest <= LEAST_WIDTH) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return table(rows.map((row) => row.map((cell, index) => cut(cell, widths[index] ?? 0))));
}

function cut(cell: string, width: number): string {
  const { truncated, index } = widthOf(cell, { limit: width, ellipsis: '…', ellipsisWidth: 1 });
  return truncated ? `${cell.slice(0, index)}…` : cell;
}
