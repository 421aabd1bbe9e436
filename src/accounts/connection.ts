/**
 * How an account reaches the service, as its owner may set it: through which proxy, under which profile, with which
 * credential. They are stored together, so they are changed while no process makes a new access token.
 */
import { GatewayError } from '../core/errors.ts';
import { consumedAfter } from './consumed-tokens.ts';
import { checkedProfileArn } from './credentials/patterns.ts';
import { isRefreshable, type RefreshableCredential } from './credentials.ts';
import type { Account, AccountStore, Secrets } from './ports.ts';
import { checkedProxy } from './proxy.ts';

/** null: none of its own any longer. */
export interface ConnectionPatch {
  /** An address, or `direct`. */
  readonly proxy?: string | null | undefined;
  /** For an organisation with several. */
  readonly profileArn?: string | null | undefined;
  /** In place of the present one as a whole; its access token goes with it. */
  readonly credential?: RefreshableCredential | undefined;
}

/** Checked; undefined: nothing is to be changed. Throws `invalid_request` naming the field. */
export function checkedConnection({ credential }: Account, patch: ConnectionPatch): ConnectionPatch | undefined {
  const { proxy, profileArn, credential: replacement } = patch;
  if (proxy === undefined && profileArn === undefined && replacement === undefined) return undefined;
  if (typeof profileArn === 'string') checkedProfileArn(profileArn);
  if (profileArn !== undefined && !isRefreshable(credential)) {
    const message = 'This kind of account works without a profile.';
    throw new GatewayError('invalid_request', message, { param: 'profile_arn' });
  }
  return { profileArn, proxy: typeof proxy === 'string' ? checkedProxy(proxy) : proxy, credential: replacement };
}

/** undefined when there is none of that id. */
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

/** The access token is of the old sign-in, so it goes; the old refresh token is never presented again. */
function replaced(account: Account, credential: RefreshableCredential): Secrets {
  const spent = consumedAfter(account, account.credential, credential);
  return { credential, accessToken: undefined, spent };
}
