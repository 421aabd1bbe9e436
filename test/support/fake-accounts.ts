/** A token service with one-time refresh tokens, and accounts for it. */

import type { AwsCredential, RefreshableCredential } from '../../src/accounts/credentials.ts';
import { NEW_ACCOUNT } from '../../src/accounts/health.ts';
import type { NewAccount, NewTokens, SignInEndpoints, TokenEndpoints } from '../../src/accounts/ports.ts';
import { GatewayError } from '../../src/core/errors.ts';

export function awsCredential(refreshToken: string): AwsCredential {
  return {
    kind: 'builder-id',
    refreshToken,
    clientId: 'client',
    clientSecret: 'client-secret',
    region: 'us-east-1',
    startUrl: 'https://view.awsapps.com/start',
    profileArn: undefined,
  };
}

export function newAccount(id: string, more: Partial<NewAccount> = {}): NewAccount {
  return {
    id,
    label: id,
    source: { type: 'sign-in' },
    credential: awsCredential(`${id}-refresh-0`),
    accessToken: undefined,
    health: NEW_ACCOUNT,
    ...more,
  };
}

export interface FakeTokens extends TokenEndpoints {
  /** Refresh tokens in the order in which they were presented. */
  readonly presented: string[];
  /** Thrown instead of returning tokens while set. */
  trouble: GatewayError | undefined;
  /** Called after the service has issued tokens and before the caller has them. */
  afterRefresh: (tokens: NewTokens) => Promise<void>;
}

/** `a-refresh-3` yields `a-access-4` and `a-refresh-4` once; presented again, it is rejected. */
export function createFakeTokens(expiresInS = 3600): FakeTokens {
  const presented: string[] = [];
  const fake: FakeTokens = {
    presented,
    trouble: undefined,
    afterRefresh: async () => {},
    async refresh({ refreshToken }: RefreshableCredential) {
      const isConsumed = presented.includes(refreshToken);
      presented.push(refreshToken);
      await Promise.resolve();
      if (fake.trouble) {
        presented.pop();
        throw fake.trouble;
      }
      const [, name, count] = /^(.+)-refresh-(\d+)$/.exec(refreshToken) ?? [];
      if (isConsumed || name === undefined) throw new GatewayError('credential_rejected', 'consumed');
      const next = Number(count) + 1;
      const tokens = {
        accessToken: `${name}-access-${next}`,
        refreshToken: `${name}-refresh-${next}`,
        expiresInS,
        profileArn: undefined,
      };
      await fake.afterRefresh(tokens);
      return tokens;
    },
    signIn: () => expectNoCall(),
  };
  return fake;
}

function expectNoCall(): never {
  throw new Error('this test does not expect a sign-in');
}

/** Every call fails the test, except those that the test replaces. */
export function createFakeSignIn(): SignInEndpoints {
  return {
    registerClient: async () => expectNoCall(),
    startDevice: async () => expectNoCall(),
    pollDevice: async () => expectNoCall(),
    startSocialDevice: async () => expectNoCall(),
    pollSocialDevice: async () => expectNoCall(),
    authorizeUrl: () => expectNoCall(),
    redeemCode: async () => expectNoCall(),
    socialSignInUrl: () => expectNoCall(),
    redeemSocialCode: async () => expectNoCall(),
  };
}
