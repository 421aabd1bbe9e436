/** What a command is. One file each; loading that file must be cheap, so `run` imports what the work itself needs. */
import type { Terminal } from './terminal.ts';

export interface Command {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  /** `<prompt>`, `[prompt...]`: commander's notation. */
  readonly argument?: { readonly name: string; readonly meaning: string };
  readonly options: readonly CommandOption[];
  readonly examples: readonly string[];
  /** The exit code: 0 success, 1 failure. Throws UsageError for a wrong command line. */
  run(input: CommandInput): Promise<number>;
}

/** Commands about one thing: `dragoman accounts list`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
}

export interface CommandOption {
  /** `--port <n>` */
  readonly flag: string;
  readonly meaning: string;
}

export interface CommandInput {
  readonly terminal: Terminal;
  readonly json: boolean;
  /** All words joined by spaces: a prompt or a label needs no quotes. */
  readonly argument: string | undefined;
  /** The words apart. */
  readonly args: readonly string[];
  /** By the flag's long name in camel case: text, or true for a switch. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function textOption({ options }: CommandInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The argument of a command which cannot do without. Throws UsageError. */
export function requiredArgument({ argument }: CommandInput, what: string): string {
  if (argument !== undefined) return argument;
  throw new UsageError(`This command needs ${what}.`);
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}
