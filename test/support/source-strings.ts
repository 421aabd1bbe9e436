/** The text that a TypeScript file can print: its string literals and templates, without comments and import paths. */
import { parseSync } from 'oxc-parser';

/** What stands in a template where the code puts a value. */
const PLACEHOLDER = '⟨⟩';

interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly cooked: string | null } }[];
}

const IMPORTS: ReadonlySet<string> = new Set(['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration']);

export function stringsOf(fileName: string, source: string): readonly string[] {
  const { program, errors } = parseSync(fileName, source);
  if (errors.length > 0) throw new Error(`${fileName} does not parse: ${errors[0]?.message}`);
  const strings: string[] = [];
  collect(program, strings);
  return strings;
}

function collect(value: unknown, strings: string[]): void {
  if (Array.isArray(value)) for (const item of value) collect(item, strings);
  if (!isNode(value)) return;
  if (value.type === 'Literal' && typeof value.value === 'string') strings.push(value.value);
  if (value.type === 'TemplateLiteral')
    strings.push((value.quasis ?? []).map((quasi) => quasi.value.cooked ?? '').join(PLACEHOLDER));
  for (const [name, child] of Object.entries(value)) {
    const isImportPath = name === 'source' && IMPORTS.has(value.type);
    if (!isImportPath) collect(child, strings);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
