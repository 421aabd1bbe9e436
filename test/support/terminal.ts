/** A terminal in memory, for commands that run in the process of the test. */
import type { Terminal } from '../../src/cli/terminal.ts';

export interface Written {
  out: string;
  err: string;
}

export function createTestTerminal(): { readonly terminal: Terminal; readonly written: Written } {
  const written: Written = { out: '', err: '' };
  const out = (text: string): void => {
    written.out += text;
  };
  const terminal: Terminal = {
    isInteractive: false,
    colour: false,
    closed: new AbortController().signal,
    out,
    say: out,
    err: (text) => {
      written.err += text;
    },
    withCommandName: (text) => text,
    style: (_, text) => text,
  };
  return { terminal, written };
}
