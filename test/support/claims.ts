/** What a text claims to exist: commands with their flags, npm scripts, settings, paths and headers. */
import type { Command } from 'commander';

/** Returns why each named thing does not exist; empty if all exist. */
export type Check = (text: string) => readonly string[];

/** Backticked spans, fenced and indented lines, and prompts: the parts of a text to be typed or copied. */
function codeIn(text: string): readonly string[] {
  const fenced = [...text.matchAll(/^ *```([^\n]*)\n(.*?)^ *```/gms)].flatMap(([, kind, block = '']) => {
    const lines = block.split('\n');
    // A recorded session: lines without a prompt are output.
    return kind === 'console' ? lines.filter((line) => line.startsWith('$ ')) : lines;
  });
  const prose = text.replaceAll(/^ *```[^\n]*\n.*?^ *```/gms, '');
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '));
  const prompts = [...prose.matchAll(/^ *\$ (.+)$/gm)].map(([, line = '']) => line);
  const quoted = [...prose.matchAll(/"((?:\.\/)?dragoman [^"]+)"/g)].map(([, span = '']) => span);
  return [...fenced, ...spans, ...prompts, ...quoted];
}

/** `dragoman accounts list --json`, also behind `./`, `npx`, `npm run cli`, variables and pipes. */
export function unknownCommands(program: Command): Check {
  return (text) =>
    codeIn(text).flatMap((code) =>
      [
        ...code.matchAll(
          /(?:^ *|[(&|;] *|\$ |[A-Z_]=\S+ +|npx )(?:\.\/)?(?:dragoman|npm run cli(?: --)?) +([^|&;#>)]+)/g,
        ),
      ].flatMap(([match, words = '']) => {
        const problem = problemOf(program, words.trim().split(/\s+/));
        return problem === undefined ? [] : [`${match.trim()}: ${problem}`];
      }),
    );
}

function problemOf(program: Command, words: readonly string[]): string | undefined {
  let command = program;
  for (const word of words) {
    const flag = /^\[?(--[a-z][a-z-]*)/.exec(word)?.[1];
    if (flag !== undefined && !hasFlag(command, flag)) return `${command.name()} has no ${flag}`;
    if (flag !== undefined || command.commands.length === 0 || word.startsWith('-')) continue;
    // `keys create`, in prose also `keys create,`; `…` and a value's placeholder end the command.
    const name = /^[a-z][a-z-]*/.exec(word)?.[0];
    if (name === undefined) return undefined;
    const next = command.commands.find((known) => known.name() === name || known.aliases().includes(name));
    if (!next) return `${command.name()} has no command ${name}`;
    command = next;
  }
  return undefined;
}

function hasFlag(command: Command, flag: string): boolean {
  if (flag === '--help' || (flag === '--version' && command.parent === null)) return true;
  return command.options.some(({ long }) => long === flag);
}

const NPM_OWN: ReadonlySet<string> = new Set(['ci', 'install', 'i', 'exec', 'pack', 'publish', 'view', 'init']);
const NPM_SHORT: ReadonlySet<string> = new Set(['start', 'test', 'stop']);

export function unknownScripts(scripts: Readonly<Record<string, string>>): Check {
  return (text) =>
    codeIn(text).flatMap((code) =>
      [...code.matchAll(/(?:^|[\s(&|;])npm (run )?([a-z][\w:-]*)/g)].flatMap(([match, run, name = '']) => {
        const exists = run || NPM_SHORT.has(name) ? Object.hasOwn(scripts, name) : NPM_OWN.has(name);
        return exists ? [] : [`${match.trim()}: package.json has no such script`];
      }),
    );
}

/** A name that ends in `_` is a prefix (`DRAGOMAN_…`). */
export function unknownSettings(known: readonly string[]): Check {
  return (text) =>
    [...text.matchAll(/\bDRAGOMAN_[A-Z0-9_]*/g)].flatMap(([name]) => {
      return name.endsWith('_') || known.includes(name) ? [] : [`${name}: not a setting`];
    });
}

/** The gateway's paths in a text, without query, with `x` for placeholders. */
export function pathsIn(text: string): readonly string[] {
  const matches = codeIn(text).flatMap((code) => [
    ...code.matchAll(
      /(?:^|[\s"'(=|]|https?:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?|\$\{?[A-Z_]+\}?)(\/(?:v[12]\/[\w./{}:*$-]+|health|healthz|readyz|metrics|docs|openapi\.json)(?![\w/]))/g,
    ),
  ]);
  return matches.map(([, path = '']) => path.replaceAll(/\{\w+\}|:\w+|\*|\$\w+/g, 'x').replace(/[.:/]+$/, ''));
}

/** The `x-dragoman-…` and other `x-…` names in a text. */
export function headersIn(text: string): readonly string[] {
  const matches = codeIn(text).flatMap((code) => [
    ...code.matchAll(/(?<![\w./-])(?:x(?:-[a-z0-9]+)+|X(?:-[A-Z][A-Za-z0-9]*)+)(?![\w*…<{-])/g),
  ]);
  return matches.map(([name]) => name.toLowerCase());
}
