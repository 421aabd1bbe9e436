/** The variant of the service to simulate: what differs by host, by account or over time. */

export interface ServiceVariant {
  /**
   * The hosts for requests whose address names none. Default `any`: every operation is served. `q`: only the
   * amazonaws.com hosts; `kiro`: only the kiro.dev hosts, with the control plane separate from the runtime.
   */
  readonly hosts?: HostsSetting;
  /** The served forms of InvokeMCP. Default `json`: the service has rejected the REST form with 400 since October 2026. */
  readonly webSearch?: WebSearchForms;
  /** Default true. False: InvokeMCP rejects `initialize` and `tools/list` and serves only `tools/call`. */
  readonly listsTools?: boolean;
  /** Default true: the kiro.dev hosts reject user agents that do not look like an AWS SDK's. */
  readonly checksUserAgent?: boolean;
  /** Default true. False: the kiro.dev hosts respond with 403 to `TokenType: SSO_OIDC`, as two sources report. */
  readonly takesSsoTokenType?: boolean;
}

export const HOSTS_SETTINGS = ['any', 'q', 'kiro'] as const;
export type HostsSetting = (typeof HOSTS_SETTINGS)[number];

export const WEB_SEARCH_FORMS = ['both', 'json', 'rest'] as const;
export type WebSearchForms = (typeof WEB_SEARCH_FORMS)[number];

export const DEFAULT_SERVICE: Required<ServiceVariant> = {
  hosts: 'any',
  webSearch: 'json',
  listsTools: true,
  checksUserAgent: true,
  takesSsoTokenType: true,
};
