/**
 * Which of the service's languages a piece of code is in: by the client's name for it, by the file's name, by a file
 * name at the head of the code, and finally by patterns in the code. Names as in the published model
 * (ProgrammingLanguage).
 */
import type { CodeCompletion } from '../../core/code-completion.ts';

export interface CodeFile {
  readonly language: string;
  readonly fileName: string;
  /** Guessed from the code alone. */
  readonly isGuess: boolean;
}

export function codeFile({ fileName, language, prefix, suffix }: CodeCompletion): CodeFile {
  const named = fileName ?? nameInHead(prefix);
  const declared = languageOfEditorName(language) ?? languageOfName(named);
  if (declared !== undefined) return { language: declared, fileName: named ?? defaultName(declared), isGuess: false };
  const looks = languageOfCode(prefix + suffix);
  return { language: looks ?? 'plaintext', fileName: named ?? defaultName(looks), isGuess: looks !== undefined };
}

/** Editors write the file's path into a comment above the code, below the paths of the pieces they quote. */
function nameInHead(prefix: string): string | undefined {
  let name: string | undefined;
  for (const line of prefix.slice(0, MAX_HEAD_CHARS).split('\n')) {
    const [, comment] = /^\s*(?:\/\/|#|--|;|%|"|\/\*|<!--)\s?(.*?)(?:\*\/|-->)?\s*$/.exec(line) ?? [];
    if (comment === undefined) break;
    const [, path] = /^(?:(?:file|path|filename)\s*:\s*)?([\w@.+~/\\-]+\.\w{1,12})$/i.exec(comment.trim()) ?? [];
    if (path !== undefined && languageOfName(path) !== undefined) name = path;
  }
  return name;
}

const MAX_HEAD_CHARS = 20_000;

function languageOfEditorName(word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  const lower = word.trim().toLowerCase();
  return EXTENSIONS.has(lower) ? lower : (EDITOR_NAMES.get(lower) ?? languageOfName(`x.${lower}`));
}

function languageOfName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const base = name.split(/[/\\]/).at(-1)?.toLowerCase() ?? '';
  const extension = base.slice(base.lastIndexOf('.') + 1);
  return base.includes('.') ? LANGUAGE_OF_EXTENSION.get(extension) : WHOLE_NAMES.get(base);
}

function defaultName(language: string | undefined): string {
  return `untitled.${EXTENSIONS.get(language ?? '')?.[0] ?? 'txt'}`;
}

/** A file without a name gets the first extension. */
const EXTENSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['python', ['py', 'pyi', 'pyw', 'ipynb']],
  ['javascript', ['js', 'mjs', 'cjs']],
  ['java', ['java']],
  ['csharp', ['cs', 'csx']],
  ['typescript', ['ts', 'mts', 'cts']],
  ['c', ['c', 'h']],
  ['cpp', ['cpp', 'cc', 'cxx', 'hpp', 'hh', 'hxx', 'ino', 'cu']],
  ['go', ['go']],
  ['kotlin', ['kt', 'kts']],
  ['php', ['php', 'phtml']],
  ['ruby', ['rb', 'rake', 'gemspec']],
  ['rust', ['rs']],
  ['scala', ['scala', 'sc', 'sbt']],
  ['shell', ['sh', 'bash', 'zsh', 'ksh', 'fish']],
  ['sql', ['sql', 'ddl']],
  ['json', ['json', 'jsonc', 'json5']],
  ['yaml', ['yaml', 'yml']],
  ['vue', ['vue']],
  ['tf', ['tf', 'tfvars']],
  ['tsx', ['tsx']],
  ['jsx', ['jsx']],
  ['plaintext', ['txt', 'text', 'md', 'rst']],
  ['systemverilog', ['sv', 'svh', 'v', 'vh']],
  ['dart', ['dart']],
  ['lua', ['lua']],
  ['swift', ['swift']],
  ['hcl', ['hcl', 'nomad']],
  ['powershell', ['ps1', 'psm1', 'psd1']],
  ['r', ['r', 'rmd']],
  ['abap', ['abap', 'acds']],
]);

const LANGUAGE_OF_EXTENSION: ReadonlyMap<string, string> = new Map(
  [...EXTENSIONS].flatMap(([language, extensions]) => extensions.map((extension) => [extension, language] as const)),
);

const WHOLE_NAMES: ReadonlyMap<string, string> = new Map([
  ['dockerfile', 'shell'],
  ['makefile', 'shell'],
  ['gemfile', 'ruby'],
  ['rakefile', 'ruby'],
  ['jenkinsfile', 'java'],
]);

/** Editors' names that differ from the service's. */
const EDITOR_NAMES: ReadonlyMap<string, string> = new Map([
  ['typescriptreact', 'tsx'],
  ['javascriptreact', 'jsx'],
  ['shellscript', 'shell'],
  ['c++', 'cpp'],
  ['c#', 'csharp'],
  ['golang', 'go'],
  ['python3', 'python'],
  ['terraform', 'tf'],
  ['verilog', 'systemverilog'],
  ['markdown', 'plaintext'],
]);

/** Patterns that rarely match in another language, the most specific first. */
const PATTERNS: readonly (readonly [string, RegExp])[] = [
  ['php', /^\s*<\?php/m],
  ['shell', /^#!.*\b(?:ba|z|k)?sh\b/],
  ['python', /^#!.*\bpython|^\s*(?:async )?def \w+\(.*\)(?: -> .+)?:\s*$|^from [\w.]+ import |^\s*elif .+:\s*$/m],
  ['go', /^package \w+\s*$|^func (?:\(\w+ \*?\w+\) )?\w+\(/m],
  ['rust', /^\s*(?:pub )?fn \w+.*(?:->|\{)|^use (?:crate|std)::|^\s*let mut /m],
  ['csharp', /^using System|^namespace [\w.]+;?\s*$/m],
  ['java', /^import java[x.]|^\s*public (?:static |final )*(?:class|interface|void) \w+/m],
  ['kotlin', /^\s*(?:override |private )?fun \w+\(|^\s*val \w+ ?[:=]/m],
  ['cpp', /^#include <\w+>|\bstd::\w+|^\s*template ?</m],
  ['c', /^#include [<"][\w/]+\.h[>"]/m],
  ['swift', /^import (?:Foundation|SwiftUI|UIKit)|^\s*func \w+\(.*\) -> |^\s*guard let /m],
  ['tsx', /return \(?\s*<[A-Z][\s\S]*(?:interface|type) \w+Props/],
  ['typescript', /^\s*(?:export )?(?:interface|type) \w+|: (?:string|number|boolean)\b|^import type /m],
  [
    'javascript',
    /^\s*(?:export )?(?:default )?(?:async )?function ?\w*\(|^\s*(?:const|let|var) \w+ ?=|=> \{|require\(|^import .* from ['"]/m,
  ],
  ['ruby', /^require ['"]|^\s*def \w+[\s\S]*^\s*end\b/m],
  ['lua', /^\s*local (?:function )?\w+/m],
  ['sql', /^\s*(?:select\b[\s\S]+\bfrom|insert into|create table|update \w+ set)\b/im],
  ['tf', /^(?:resource|provider|variable|module) "[\w-]+"/m],
  ['json', /^\s*\{\s*"[^"]+"\s*:/],
];

const MAX_MATCHED_CHARS = 20_000;

function languageOfCode(code: string): string | undefined {
  const tail = code.slice(-MAX_MATCHED_CHARS);
  return PATTERNS.find(([, pattern]) => pattern.test(tail))?.[0];
}
