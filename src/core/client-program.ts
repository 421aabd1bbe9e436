/** The program that sent a request, by its user agent: a short name and a version, both bounded. */

export interface ClientProgram {
  /** Lower case, at most 40 characters. */
  readonly name: string;
  readonly version: string | undefined;
}

/** Names that programs give themselves, where another name is better known. */
const NAMES: Readonly<Record<string, string>> = {
  'claude-cli': 'claude-code',
  codex_cli_rs: 'codex',
  codex_exec: 'codex',
  codex_vscode: 'codex',
  'codex-tui': 'codex',
  'openai/python': 'openai-python',
  'openai/js': 'openai-node',
  'asyncopenai/python': 'openai-python',
  'anthropic/python': 'anthropic-python',
  'asyncanthropic/python': 'anthropic-python',
  'anthropic/js': 'anthropic-node',
};

/** Vendors' SDKs write the language where others write the version: `OpenAI/Python 1.2.3`. */
const SDK = /^((?:Async)?(?:OpenAI|Anthropic)\/[A-Za-z]+) +([0-9][0-9A-Za-z.+-]{0,19})/;
const PRODUCT = /^([A-Za-z][A-Za-z0-9._-]{0,39})(?:[/ ]v?([0-9][0-9A-Za-z.+-]{0,19}))?(?=$|[\s/;,(])/;
/** A product of an editor or a browser further back is more telling than `Mozilla/5.0`. */
const INSIDE_BROWSER = /\b(Cursor|Code|Electron|Edg|Chrome|Firefox|Safari)\/([0-9][0-9A-Za-z.+-]{0,19})/;

const MAX_LENGTH = 300;
const UNKNOWN: ClientProgram = { name: 'unknown', version: undefined };

/** Never throws. `unknown` for a user agent that is missing or has no product name. */
export function clientProgramOf(userAgent: string | undefined): ClientProgram {
  if (userAgent === undefined) return UNKNOWN;
  const text = userAgent.slice(0, MAX_LENGTH).trim();
  const sdk = SDK.exec(text);
  if (sdk) return named(sdk[1] ?? '', sdk[2]);
  const product = PRODUCT.exec(text);
  if (!product) return UNKNOWN;
  const [, name = '', version] = product;
  if (name !== 'Mozilla') return named(name, version);
  const inside = INSIDE_BROWSER.exec(text);
  return inside ? named(inside[1] ?? '', inside[2]) : named('browser', undefined);
}

function named(name: string, version: string | undefined): ClientProgram {
  const lower = name.toLowerCase();
  return { name: NAMES[lower] ?? lower.replace('/', '-'), version };
}
