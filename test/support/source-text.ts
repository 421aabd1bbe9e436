/** The text in a TypeScript file: its strings (what it can print) and its comments. */
import { parseSync } from 'oxc-parser';

export interface SourceText {
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

/** String literals and templates, without import paths. Throws Error when the source does not parse. */
export function stringsOf(fileName: string, source: string): readonly SourceText[] {
  const strings: SourceText[] = [];
  collect(parse(fileName, source).program, strings);
  return strings;
}

/** Throws Error when the source does not parse. */
export function commentsOf(fileName: string, source: string): readonly SourceText[] {
  return parse(fileName, source).comments.map(({ start, value }) => ({ start, text: value }));
}

function parse(fileName: string, source: string) {
  const result = parseSync(fileName, source);
  if (result.errors.length > 0) throw new Error(`${fileName} does not parse: ${result.errors[0]?.message}`);
  return result;
}

function collect(value: unknown, strings: SourceText[]): void {
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
