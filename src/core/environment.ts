/**
 * Reads the client's environment from what it tells the model at the start of a conversation.
 *
 * No API has a field for this. Agents write it into their system prompt or before the first user message: Claude Code,
 * opencode and Crush in `<env>` or under "# Environment", Codex and Copilot CLI in `<environment_context>`, Cursor in
 * `<user_info>`, VS Code in `<environment_info>`, Cline and Roo in "SYSTEM INFORMATION" and `<environment_details>`,
 * Gemini CLI and Qwen Code in sentences. All use a handful of labels, one per line, so the parser matches labels, not
 * clients.
 *
 * Only the turns before the first reply are read, because they stay the same throughout a conversation.
 */
import type { Conversation } from './conversation.ts';

export interface Environment {
  readonly operatingSystem: OperatingSystem | undefined;
  readonly currentWorkingDirectory: string | undefined;
  /** Branch and changed files, as printed by the client or `git status`. */
  readonly gitStatus: string | undefined;
}

type OperatingSystem = 'macos' | 'linux' | 'windows';

/** Limits, in characters, on the opening (agents' system prompts reach 130,000), a line and a git status. */
const MAX_CHARS = 262_144;
const MAX_LINE_CHARS = 1_024;
const MAX_GIT_STATUS_CHARS = 8_192;

/** Takes the first statement of each kind. Linear in the length of the opening, up to a cap. */
export function readEnvironment(conversation: Conversation): Environment {
  const found: { -readonly [Member in keyof Environment]: Environment[Member] } = {
    operatingSystem: undefined,
    currentWorkingDirectory: undefined,
    gitStatus: undefined,
  };
  let budget = MAX_CHARS;
  for (const text of openingTexts(conversation)) {
    if (budget <= 0) break;
    const lines = text.slice(0, budget).split('\n');
    budget -= text.length;
    for (const [index, line] of lines.entries()) {
      for (const statement of statementsOf(line)) {
        found.operatingSystem ??= operatingSystemOf(statement);
        found.currentWorkingDirectory ??= directoryOf(statement, lines[index + 1]);
      }
      if (found.gitStatus === undefined && startsGitStatus(line)) found.gitStatus = gitStatusAt(lines, index + 1);
    }
  }
  return found;
}

function* openingTexts({ system, turns }: Conversation): Generator<string> {
  for (const { text } of system) yield text;
  for (const { role, parts } of turns) {
    if (role === 'assistant') return;
    for (const part of parts) if (part.type === 'text') yield part.text;
  }
}

type Subject = 'directory' | 'system';

/** In lower case. A label ending in "is" begins a sentence; the others precede a colon or a parenthesis. */
const LABELS: readonly (readonly [label: string, subject: Subject])[] = [
  ['primary working directory', 'directory'],
  ['current working directory', 'directory'],
  ['working directory', 'directory'],
  ['current workspace directory', 'directory'],
  ['workspace path', 'directory'],
  ["i'm currently working in the directory", 'directory'],
  ['i am working in a workspace with the following folders', 'directory'],
  ['i am working from a workspace within the following folder', 'directory'],
  ["the absolute path of the user's workspace is", 'directory'],
  ['platform', 'system'],
  ['operating system', 'system'],
  ['os version', 'system'],
  ['my operating system is', 'system'],
  ["the user's current os is", 'system'],
  ["the user's os version is", 'system'],
];
const SENTENCE_END = /\.\s+(?=the (?:user's|absolute path) )/i;

interface Statement {
  readonly subject: Subject;
  /** Empty if the value is on the next line. */
  readonly value: string;
}

function statementsOf(line: string): readonly Statement[] {
  if (line.length > MAX_LINE_CHARS) return [];
  const plain = line.replace(/^[\s*#>•-]+/, '').trimEnd();
  if (plain.startsWith('<')) return taggedStatement(plain);
  return plain.split(SENTENCE_END).flatMap(labelledStatement);
}

/** `<cwd>/srv/app</cwd>` */
function taggedStatement(line: string): readonly Statement[] {
  const [, tag, value = ''] = /^<(cwd|operating_system)>([^<]*)<\//.exec(line) ?? [];
  return tag === undefined ? [] : [{ subject: tag === 'cwd' ? 'directory' : 'system', value: value.trim() }];
}

/** `Platform: linux`, `**Platform:** linux`, `Current Working Directory (/srv/app) Files` */
function labelledStatement(sentence: string): readonly Statement[] {
  const start = sentence.slice(0, 64).toLowerCase();
  const known = LABELS.find(([label]) => start.startsWith(label));
  if (!known) return [];
  const [label, subject] = known;
  const rest = sentence.slice(label.length);
  const value = label.endsWith(' is') ? afterIs(rest) : (afterColon(rest) ?? inParentheses(rest));
  return value === undefined ? [] : [{ subject, value }];
}

function afterIs(rest: string): string | undefined {
  return /^[:\s]/.test(rest) ? rest.replace(/^[:\s]+/, '').replace(/\.$/, '') : undefined;
}

function afterColon(rest: string): string | undefined {
  return /^\**:/.test(rest) ? rest.replace(/^[*:\s]+/, '') : undefined;
}

function inParentheses(rest: string): string | undefined {
  return /^ \((.*)\)/.exec(rest)?.[1];
}

function operatingSystemOf({ subject, value }: Statement): OperatingSystem | undefined {
  if (subject !== 'system') return undefined;
  if (/\b(?:darwin|mac ?os|os x)\b/i.test(value)) return 'macos';
  if (/\b(?:win32|win64|windows)\b/i.test(value)) return 'windows';
  if (/\blinux\b/i.test(value)) return 'linux';
  return undefined;
}

const ABSOLUTE_PATH = /^(?:\/|~|[a-z]:[\\/]|\\\\)/i;

function directoryOf({ subject, value }: Statement, nextLine = ''): string | undefined {
  if (subject !== 'directory') return undefined;
  const written = value === '' && nextLine.length <= MAX_LINE_CHARS ? nextLine.replace(/^[\s*•-]+/, '') : value;
  const path = written.trim().replace(/^[`"'](.*)[`"']$/, '$1');
  return ABSOLUTE_PATH.test(path) ? path : undefined;
}

/** `gitStatus: This is the …`, `# Git Status`, `Git status (snapshot …):`, `<git_status>` */
function startsGitStatus(line: string): boolean {
  return /^\s*(?:gitStatus:|#+ Git Status$|Git status(?: \(.*\))?:|<git_status>)/i.test(line.slice(0, 256));
}

/** Reads to the end of the block, without the recent commits. */
function gitStatusAt(lines: readonly string[], start: number): string | undefined {
  const status: string[] = [];
  let chars = 0;
  for (const line of lines.slice(start)) {
    if (/^\s*<\/|^# |^recent commits/i.test(line)) break;
    if (/^this is (?:the|a snapshot of the) git status/i.test(line)) continue;
    status.push(line);
    chars += line.length + 1;
    if (chars > MAX_GIT_STATUS_CHARS) break;
  }
  return status.join('\n').trim().slice(0, MAX_GIT_STATUS_CHARS) || undefined;
}
