/** The source of an account, which decides who owns its credential and which runs use it. */

/** A credential that another program also uses: read again before each refresh, and written back after it. */
export type LinkedSource =
  /** The file of the Kiro IDE. `imported`: used in every run; otherwise only in runs whose settings name the file. */
  | { readonly type: 'kiro-file'; readonly path: string; readonly imported?: boolean }
  /** A row of the database of Kiro CLI or Amazon Q CLI. */
  | { readonly type: 'cli-database'; readonly path: string; readonly key: string }
  /** A file of the AWS toolkits. */
  | { readonly type: 'sso-cache'; readonly path: string }
  /** The token file of a gateway that stores its client registration in a file beside it. */
  | { readonly type: 'codewhisperer-proxy'; readonly path: string }
  /** A file of another gateway: the entry of this owner, or the only entry if there is no owner. */
  | { readonly type: 'gateway-file'; readonly path: string; readonly owner?: string };

export type AccountSource =
  | { readonly type: 'sign-in' }
  /** Used only in runs whose environment sets it. */
  | { readonly type: 'environment' }
  /** Read once; dragoman owns the credential since then. */
  | { readonly type: 'import' }
  | LinkedSource;

const IS_LINKED: Record<AccountSource['type'], boolean> = {
  'sign-in': false,
  environment: false,
  import: false,
  'kiro-file': true,
  'cli-database': true,
  'sso-cache': true,
  'codewhisperer-proxy': true,
  'gateway-file': true,
};

export function isLinked(source: AccountSource): source is LinkedSource {
  return IS_LINKED[source.type];
}

/** False for sources that are used only in runs whose settings name them. */
export function isInEveryRun(source: AccountSource): boolean {
  if (source.type === 'kiro-file') return source.imported === true;
  return source.type !== 'environment';
}
