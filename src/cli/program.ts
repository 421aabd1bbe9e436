/** The command line: registers the commands and turns their errors into messages and exit codes. */
import { Command as Commander, CommanderError } from 'commander';
import type { Overrides } from '../compose.ts';
import { SettingsError } from '../config.ts';
import { GatewayError } from '../core/errors.ts';
import { VERSION } from '../version.ts';
import { type Command, type CommandGroup, printJson, UsageError } from './command.ts';
import { serve } from './serve.ts';
import type { Terminal } from './terminal.ts';

const EXIT_CODES = '\nExit codes: 0 success, 1 failure, 2 bad usage.\n';

/** Registers the commands with their options; calls `run` for the parsed command. */
export function createProgram(commands: readonly (Command | CommandGroup)[], terminal: Terminal, run: Run): Commander {
  const program = new Commander('dragoman')
    .description(
      'Your own Amazon Q Developer, CodeWhisperer or Kiro subscription, behind the OpenAI and Anthropic APIs.',
    )
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: terminal.say, writeErr: terminal.err, getOutHasColors: () => terminal.colour })
    .addHelpText('after', EXIT_CODES);
  for (const command of commands) register(program, command, run);
  return program;
}

/** Resolves to the exit code. Never rejects. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  overrides: Overrides = {},
): Promise<number> {
  let exitCode = 0;
  const program = createProgram(await commandsFor(args), terminal, async ({ run }, input) => {
    exitCode = await run({ ...input, terminal, overrides });
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (cause) {
    if (terminal.closed.aborted && cause instanceof GatewayError && cause.code === 'client_closed') return 0;
    return reportError(cause, terminal, args.includes('--json'));
  }
}

/** `serve` alone for itself: the other commands are 40 modules that would delay its start. */
async function commandsFor([name]: readonly string[]): Promise<readonly (Command | CommandGroup)[]> {
  return name === serve.name ? [serve] : (await import('./commands.ts')).COMMANDS;
}

type Parsed = Omit<Parameters<Command['run']>[0], 'terminal' | 'overrides'>;

type Run = (command: Command, input: Parsed) => Promise<void>;

function register(program: Commander, command: Command | CommandGroup, run: Run): void {
  if ('commands' in command) registerGroup(program, command, run);
  else registerCommand(program, command, run);
}

function registerGroup(program: Commander, { name, summary, commands }: CommandGroup, run: Run): void {
  const group = program.command(name).description(summary).addHelpText('after', EXIT_CODES);
  for (const command of commands) registerCommand(group, command, run);
}

function registerCommand(program: Commander, command: Command, run: Run): void {
  const registered = program.command(command.name).description(command.summary).option('--json', 'print JSON');
  if (command.alias) registered.alias(command.alias);
  if (command.argument) registered.argument(`[${command.argument.name}...]`, command.argument.meaning);
  for (const { flag, meaning } of command.options) registered.option(flag, meaning);
  const examples = command.examples.map((example) => `  $ ${example}\n`).join('');
  registered.addHelpText('after', `\nExamples:\n${examples}${EXIT_CODES}`);
  registered.action(async () => {
    const { json, ...options } = registered.opts<Record<string, string | boolean>>();
    await run(command, {
      json: json === true,
      options,
      argument: registered.args.join(' ') || undefined,
      args: registered.args,
    });
  });
}

const USAGE = 2;

function reportError(cause: unknown, terminal: Terminal, json: boolean): number {
  if (cause instanceof CommanderError) {
    if (isHelp(cause)) return 0;
    // It has printed its message on standard error.
    if (json) printJson(terminal, { error: { code: 'failed', message: cause.message.replace(/^error: /, '') } });
    return USAGE;
  }
  const isUsage = cause instanceof UsageError || cause instanceof SettingsError;
  // A command has no log to hold the details, so print them.
  const shown = cause instanceof GatewayError ? cause.details : undefined;
  const message = terminal.withCommandName(shown ?? (cause instanceof Error ? cause.message : String(cause)));
  if (json) printJson(terminal, { error: { code: cause instanceof GatewayError ? cause.code : 'failed', message } });
  else terminal.err(`${terminal.style('red', 'error')}: ${message}\n`);
  return isUsage ? USAGE : 1;
}

/** Help or version that the user requested, as opposed to help printed after an error. */
function isHelp({ code }: CommanderError): boolean {
  return code === 'commander.helpDisplayed' || code === 'commander.version';
}
