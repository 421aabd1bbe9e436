/**
 * Finds the cursor in a prompt. Editors write prefix and suffix between the markers of a code model, with excerpts of
 * other files before them; this reverses it. Templates: the model cards of Qwen Coder, StarCoder, Code Llama, DeepSeek
 * Coder, Codestral, CodeGemma and SantaCoder.
 */
import type { RelatedCode } from '../../core/code-completion.ts';

export interface CodePrompt {
  readonly prefix: string;
  readonly suffix: string;
  readonly fileName: string | undefined;
  readonly related: readonly RelatedCode[];
}

interface Markers {
  readonly prefix: string;
  readonly suffix: string;
  /** The marker of the cursor; undefined: at the end. */
  readonly middle: string | undefined;
}

const TEMPLATES: readonly Markers[] = [
  { prefix: '<|fim_prefix|>', suffix: '<|fim_suffix|>', middle: '<|fim_middle|>' },
  { prefix: '<fim_prefix>', suffix: '<fim_suffix>', middle: '<fim_middle>' },
  { prefix: '<fim-prefix>', suffix: '<fim-suffix>', middle: '<fim-middle>' },
  { prefix: '<|code_prefix|>', suffix: '<|code_suffix|>', middle: '<|code_middle|>' },
  { prefix: '<｜fim▁begin｜>', suffix: '<｜fim▁hole｜>', middle: '<｜fim▁end｜>' },
  { prefix: '<PRE>', suffix: '<SUF>', middle: '<MID>' },
  { prefix: '[PREFIX]', suffix: '[SUFFIX]', middle: undefined },
];

/** undefined for a prompt without a cursor. */
export function readMarkers(prompt: string): CodePrompt | undefined {
  for (const markers of TEMPLATES) {
    const parts = takeApart(prompt, markers);
    if (!parts) continue;
    const { before, prefix, suffix } = parts;
    const files = readFiles(before + prefix);
    return { prefix: files.code, suffix, fileName: files.fileName, related: files.related };
  }
  return undefined;
}

/** Reads excerpts of other files, each under a line with its name, before the code at the cursor. */
export function readFiles(text: string): {
  readonly code: string;
  readonly fileName: string | undefined;
  readonly related: readonly RelatedCode[];
} {
  const separator = FILE_SEPARATORS.find((each) => each.test(text));
  if (!separator) return { code: text, fileName: undefined, related: [] };
  const sections = text.split(separator).slice(1);
  const files = sections.map((section) => {
    const [line = ''] = section.split('\n', 1);
    return { fileName: line.trim(), text: section.slice(line.length + 1) };
  });
  const current = files.pop();
  return { code: current?.text ?? '', fileName: current?.fileName || undefined, related: files };
}

/** Each at the start of a line, followed by the file name. */
const FILE_SEPARATORS: readonly RegExp[] = [/^<\|file_sep\|>/m, /^<file_sep>/m, /^\+\+\+\+\+ /m];

/** Reads a prompt that starts with an open code fence: its code, and its language and file name. */
export function readFence(prefix: string): {
  code: string;
  language: string | undefined;
  fileName: string | undefined;
} {
  const [head, info = ''] = /^\s*`{3,}([^\n`]*)\n/.exec(prefix) ?? [];
  const code = head === undefined ? prefix : prefix.slice(head.length);
  if (head === undefined || /^`{3,}\s*$/m.test(code)) return { code: prefix, language: undefined, fileName: undefined };
  const words = info
    .trim()
    .split(/[\s:]+/)
    .filter((word) => word !== '');
  const fileName = words.find((word) => /\.\w+$/.test(word));
  return { code, language: words.find((word) => word !== fileName), fileName };
}

function takeApart(
  prompt: string,
  { prefix, suffix, middle }: Markers,
): { before: string; prefix: string; suffix: string } | undefined {
  const prefixAt = prompt.indexOf(prefix);
  const suffixAt = prompt.indexOf(suffix);
  if (prefixAt < 0 || suffixAt < 0) return undefined;
  // The markers of this template may occur in any text, so they must enclose the whole prompt.
  if (middle === undefined && suffixAt > 0) return undefined;
  const end = middle === undefined ? prompt.length : prompt.lastIndexOf(middle);
  if (end < Math.max(prefixAt, suffixAt)) return undefined;
  const between = (from: number, marker: string, to: number) => prompt.slice(from + marker.length, to);
  const parts =
    prefixAt < suffixAt
      ? { prefix: between(prefixAt, prefix, suffixAt), suffix: between(suffixAt, suffix, end) }
      : { prefix: between(prefixAt, prefix, end), suffix: between(suffixAt, suffix, prefixAt) };
  const before = prompt.slice(0, Math.min(prefixAt, suffixAt));
  // Code Llama's template has spaces around its markers.
  if (prefix !== '<PRE>') return { before: beforeCode(before), ...parts };
  return {
    before: beforeCode(before),
    prefix: parts.prefix.replace(/^ /, '').replace(/ $/, ''),
    suffix: parts.suffix.replace(/ $/, ''),
  };
}

/** Keeps only named files; the rest are instructions to the template's own model. */
function beforeCode(before: string): string {
  const at = FILE_SEPARATORS.map((separator) => before.search(separator)).filter((place) => place >= 0);
  return at.length === 0 ? '' : withLineEnd(before.slice(Math.min(...at)));
}

/** Restores the line end that the marker replaced after the file name. */
function withLineEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
