/**
 * How an account reaches the service, as its owner may set it: through which proxy, under which profile. Both are
 * stored with the credential, so they are changed while nobody makes a new access token.
 */
import { GatewayError } from '../core/errors.ts';
import { checkedProfileArn } from './credentials/patterns.ts';
import { isRefreshable } from './credentials.ts';
import type { Account, AccountStore } from './ports.ts';
import { checkedProxy } from './proxy.ts';

/** null: none of its own any longer. */
export interface ConnectionPatch {
  /** An address, or `direct`. */
  readonly proxy?: string | null | undefined;
  /** For an organisation with several. */
  readonly profileArn?: string | null | undefined;
}

/** Checked; undefined: nothing is to be changed. Throws `invalid_request` naming the field. */
export function checkedConnection({ credential }: Account, patch: ConnectionPatch): ConnectionPatch | undefined {
  const { proxy, profileArn } = patch;
  if (proxy === undefined && profileArn === undefined) return undefined;
  if (typeof profileArn === 'string') checkedProfileArn(profileArn);
  if (profileArn !== undefined && !isRefreshable(credential)) {
    const message = 'This kind of account works without a profile.';
    throw new GatewayError('invalid_request', message, { param: 'profile_arn' });
  }
  return { profileArn, proxy: typeof proxy === 'string' ? checkedProxy(proxy) : proxy };
}

/** undefined when there is none of that id. */
export function saveConnection(
  store: AccountStore,
  id: string,
  { proxy, profileArn }: ConnectionPatch,
  nowMs: number,
): Promise<Account | undefined> {
  return store.exclusively(id, async () => {
    const account = proxy === undefined ? await store.find(id) : await store.saveProxy(id, proxy ?? undefined, nowMs);
    if (!account || profileArn === undefined || !isRefreshable(account.credential)) return account;
    const credential = { ...account.credential, profileArn: profileArn ?? undefined };
    return store.saveSecrets(account, { ...account, credential }, nowMs);
  });
}
