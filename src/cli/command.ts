/** The shape of a command. Each has its own file, which must load fast: `run` imports what the work needs. */
import type { Overrides } from '../compose.ts';
import { GatewayError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

export interface Command {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  /** `<prompt>`, `[prompt...]`: commander's notation. */
  readonly argument?: { readonly name: string; readonly meaning: string };
  readonly options: readonly CommandOption[];
  readonly examples: readonly string[];
  /** Returns the exit code: 0 success, 1 failure. Throws UsageError for an invalid command line. */
  run(input: CommandInput): Promise<number>;
}

/** A group of commands, such as `dragoman accounts`. */
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
  /** Of the gateway that a one-shot command opens, for tests. */
  readonly overrides: Overrides;
  readonly json: boolean;
  /** All words joined by spaces, so a prompt or a label needs no quotes. */
  readonly argument: string | undefined;
  /** The separate words. */
  readonly args: readonly string[];
  /** Keyed by the flag's long name in camel case: text, or true for a switch. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function textOption({ options }: CommandInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** Throws UsageError if the argument is missing. */
export function requiredArgument({ argument }: CommandInput, what: string): string {
  if (argument !== undefined) return argument;
  throw new UsageError(`This command needs ${what}.`);
}

/** As `check`, but a value of the command line that it rejects is bad usage: throws UsageError for `invalid_request`. */
export function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw usageError(cause);
  }
}

/** An `invalid_request` as UsageError; any other error as it is. */
export function usageError(cause: unknown): unknown {
  if (!(cause instanceof GatewayError) || cause.code !== 'invalid_request') return cause;
  return new UsageError(cause.message, { cause });
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}
