/** In which of its known variants the service is simulated: what differs by host, by account or from month to month. */

export interface ServiceVariant {
  /**
   * Which hosts there are for requests whose address names none. Default `any`: every operation is served. `q`: the
   * amazonaws.com hosts alone; `kiro`: the kiro.dev hosts alone, the control plane apart from the runtime.
   */
  readonly hosts?: HostsSetting;
  /** The forms of InvokeMCP that are served. Default `json`: the service has answered the REST form with 400 since October 2026. */
  readonly webSearch?: WebSearchForms;
  /** Default true. False: InvokeMCP refuses `initialize` and `tools/list`, and serves `tools/call` alone. */
  readonly listsTools?: boolean;
  /** Default true: the kiro.dev hosts refuse user agents that are not of an AWS SDK's shape. */
  readonly checksUserAgent?: boolean;
  /** Default true. False: the kiro.dev hosts answer 403 to `TokenType: SSO_OIDC`, as two sources have seen. */
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
