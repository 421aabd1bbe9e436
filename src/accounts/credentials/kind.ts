/** What the pool needs to know about a kind of credential. Each kind has its own file in this folder. */
export interface KindRules {
  /** Default label of an account. */
  readonly label: string;
  /**
   * How it authenticates requests: `refreshed` gets access tokens from a token endpoint, `bearer` is its own access
   * token, `signing` signs each request instead.
   */
  readonly serves: 'refreshed' | 'bearer' | 'signing';
  /** Where its profiles come from: `listed` by the service, `brought` by the sign-in (only one), or `none`. */
  readonly profiles: 'listed' | 'brought' | 'none';
  /** Fields that are replaced together with the refresh token, because it works only with them. */
  readonly client: readonly ('clientId' | 'clientSecret')[];
  /** Shown when the service rejects the credential for good: what happened and what its owner can do. */
  readonly refused: string;
}
