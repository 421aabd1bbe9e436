/** What the pool needs to know of a kind of credential. One file beside this one answers for each kind. */
export interface KindRules {
  /** What an account is called until its owner renames it. */
  readonly label: string;
  /**
   * How it comes to serve: `refreshed` makes access tokens at a token endpoint, `bearer` is its own access token,
   * `signing` has none and signs each request instead.
   */
  readonly serves: 'refreshed' | 'bearer' | 'signing';
  /** `listed`: the service lists them for this person; `brought`: the sign-in brings the only one; `none`. */
  readonly profiles: 'listed' | 'brought' | 'none';
  /** What must be replaced together with the refresh token, because the token works with it only. */
  readonly client: readonly ('clientId' | 'clientSecret')[];
  /** What it means when the service refuses it for good, and what its owner does then. */
  readonly refused: string;
}
