/** Where a command writes. Colour only where a person sees it and has not said no (https://no-color.org). */
import { styleText } from 'node:util';

export interface Terminal {
  /** A person reads along: standard output is a terminal. */
  readonly isInteractive: boolean;
  readonly colour: boolean;
  out(text: string): void;
  err(text: string): void;
  style(format: Style, text: string): string;
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export function createTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  const isInteractive = process.stdout.isTTY === true;
  const colour = isInteractive && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    isInteractive,
    colour,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    style: (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text),
  };
}

/** Columns as wide as their longest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map((row) =>
      row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
