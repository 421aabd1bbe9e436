/**
 * Changes how an account reaches the service: its proxy, its profile and its credential. These are stored with the access
 * token, so they are changed while no process refreshes that token.
 */
import { GatewayError } from '../core/errors.ts';
import { consumedAfter } from './consumed-tokens.ts';
import { checkedProfileArn } from './credentials/patterns.ts';
import { isRefreshable, type RefreshableCredential } from './credentials.ts';
import type { Account, AccountStore, Secrets } from './ports.ts';
import { checkedProxy } from './proxy.ts';

/** null removes the account's own setting. */
export interface ConnectionPatch {
  /** A URL, or `direct`. */
  readonly proxy?: string | null | undefined;
  /** For organisations with several profiles. */
  readonly profileArn?: string | null | undefined;
  /** Replaces the whole credential, and drops its access token. */
  readonly credential?: RefreshableCredential | undefined;
}

/** The validated patch; undefined: there is nothing to change. Throws `invalid_request` naming the field. */
export function checkedConnection({ credential }: Account, patch: ConnectionPatch): ConnectionPatch | undefined {
  const { proxy, profileArn, credential: replacement } = patch;
  if (proxy === undefined && profileArn === undefined && replacement === undefined) return undefined;
  if (typeof profileArn === 'string') checkedProfileArn(profileArn);
  if (profileArn !== undefined && !isRefreshable(credential)) {
    const message = 'This kind of account has no profile.';
    throw new GatewayError('invalid_request', message, { param: 'profile_arn' });
  }
  return { profileArn, proxy: typeof proxy === 'string' ? checkedProxy(proxy) : proxy, credential: replacement };
}

/** undefined if there is no such account. */
export function saveConnection(
  store: AccountStore,
  id: string,
  { proxy, profileArn, credential }: ConnectionPatch,
  nowMs: number,
): Promise<Account | undefined> {
  return store.exclusively(id, async () => {
    const account = proxy === undefined ? await store.find(id) : await store.saveProxy(id, proxy ?? undefined, nowMs);
    if (!account || !isRefreshable(account.credential)) return account;
    const secrets = credential === undefined ? account : replaced(account, credential);
    if (profileArn === undefined) return secrets === account ? account : store.saveSecrets(account, secrets, nowMs);
    const underProfile = { ...(credential ?? account.credential), profileArn: profileArn ?? undefined };
    return store.saveSecrets(account, { ...secrets, credential: underProfile }, nowMs);
  });
}

/** Drops the access token of the old sign-in, and marks the old refresh token as consumed. */
function replaced(account: Account, credential: RefreshableCredential): Secrets {
  const consumedTokens = consumedAfter(account, account.credential, credential);
  return { credential, accessToken: undefined, consumedTokens };
}
