/** Where an account came from, which decides who owns its credential and in which runs it takes part. */

/** Kept by another program, which goes on using it: read again before each refresh, written back after it. */
export type LinkedSource =
  /** Of the Kiro IDE. `imported`: part of every run; else only of those whose settings name the file. */
  | { readonly type: 'kiro-file'; readonly path: string; readonly imported?: boolean }
  /** A row of the database of Kiro CLI or Amazon Q CLI. */
  | { readonly type: 'cli-database'; readonly path: string; readonly key: string }
  /** A file of the AWS toolkits. */
  | { readonly type: 'sso-cache'; readonly path: string }
  /** The token of a gateway that keeps its client registration in a file beside it. */
  | { readonly type: 'codewhisperer-proxy'; readonly path: string }
  /** Of another gateway: the entry of this owner; without one, the only entry of the file. */
  | { readonly type: 'gateway-file'; readonly path: string; readonly owner?: string };

export type AccountSource =
  | { readonly type: 'sign-in' }
  /** Used only in runs whose environment names it. */
  | { readonly type: 'environment' }
  /** Read once and dragoman's own since. */
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

/** The others take part only in runs whose settings name them. */
export function isInEveryRun(source: AccountSource): boolean {
  if (source.type === 'kiro-file') return source.imported === true;
  return source.type !== 'environment';
}
