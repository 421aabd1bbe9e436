/** The text in a TypeScript file: its strings (what it can print) and its comments. */
import { parseSync } from 'oxc-parser';

interface SourceText {
  /** An offset into the source. */
  readonly start: number;
  readonly text: string;
}

/** Stands in a template where the code puts a value. */
const PLACEHOLDER = '⟨⟩';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly cooked: string | null } }[];
}

const IMPORTS: ReadonlySet<string> = new Set(['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration']);

interface Texts {
  /** String literals and templates, without import paths. */
  readonly strings: readonly SourceText[];
  readonly comments: readonly SourceText[];
}

/** Throws Error when the source does not parse. */
export function textsOf(fileName: string, source: string): Texts {
  const { program, comments, errors } = parseSync(fileName, source);
  if (errors.length > 0) throw new Error(`${fileName} does not parse: ${errors[0]?.message}`);
  const strings: SourceText[] = [];
  collect(program, strings);
  return { strings, comments: comments.map(({ start, value }) => ({ start, text: value })) };
}

function collect(value: unknown, strings: SourceText[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) for (const item of value) collect(item, strings);
  if (!isNode(value)) return;
  if (value.type === 'Literal' && typeof value.value === 'string')
    strings.push({ start: value.start, text: value.value });
  if (value.type === 'TemplateLiteral')
    strings.push({
      start: value.start,
      text: (value.quasis ?? []).map((quasi) => quasi.value.cooked ?? '').join(PLACEHOLDER),
    });
  for (const [name, child] of Object.entries(value)) {
    const isImportPath = name === 'source' && IMPORTS.has(value.type);
    if (!isImportPath) collect(child, strings);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
