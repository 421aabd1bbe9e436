/** A command's output. Coloured only on a terminal, and not if NO_COLOR is set (https://no-color.org). */
import { styleText } from 'node:util';
import widthOf from 'fast-string-truncated-width';
import { commandName, withCommandName } from './command-name.ts';

export interface Terminal {
  /** True if standard output is a terminal. */
  readonly isInteractive: boolean;
  readonly colour: boolean;
  /** Width in columns; absent without a terminal, where lines are not truncated. */
  readonly columns?: number;
  /** Aborted when the reader of standard output goes away: `dragoman chat … | head -1`. */
  readonly closed: AbortSignal;
  /** Writes a command's output unchanged to standard output. */
  out(text: string): void;
  /** Writes a message to standard output, with `dragoman` in its commands replaced by the name that the user typed. */
  say(text: string): void;
  /** As `say`, on standard error. */
  err(text: string): void;
  /** The text as `say` would write it. */
  withCommandName(text: string): string;
  style(format: Style, text: string): string;
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** `program`: the file that the user ran, which determines the name of the command in hints. */
export function createTerminal(
  env: NodeJS.ProcessEnv = process.env,
  program: string = process.argv[1] ?? '',
): Terminal {
  const isInteractive = process.stdout.isTTY === true;
  const closed = closedSignal();
  const colour = isInteractive && !env.NO_COLOR && env.TERM !== 'dumb';
  const name = commandName(program, process.cwd(), env);
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
 * A closed pipe is not an error: nothing is printed, and the exit code is that of the work done, or 0 if the work was
 * cut short because of it. Unread error output does not change the exit code either.
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
  // EIO: the terminal was closed.
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}

/** Makes each column as wide as its widest cell; the last column is not padded. */
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

/** `padEnd` in terminal columns: 中文 and emoji take two each, combining marks none. */
function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell).width));
}

const GAP = '  ';
/** The minimum width of a truncated cell. */
const MIN_WIDTH = 6;

/** A table that fits into `columns`: the widest cells are truncated with `…`. */
export function fittedTable(rows: readonly (readonly string[])[], columns: number | undefined): string {
  if (columns === undefined) return table(rows);
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell).width);
  const room = columns - GAP.length * (widths.length - 1);
  for (let total = widths.reduce((sum, width) => sum + width, 0); total > room; total--) {
    const widest = Math.max(...widths);
    if (widest <= MIN_WIDTH) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return table(rows.map((row) => row.map((cell, index) => cut(cell, widths[index] ?? 0))));
}

function cut(cell: string, width: number): string {
  const { truncated, index } = widthOf(cell, { limit: width, ellipsis: '…', ellipsisWidth: 1 });
  return truncated ? `${cell.slice(0, index)}…` : cell;
}
