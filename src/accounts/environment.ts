/**
 * Accounts from the settings and from the Kiro IDE's file. Their refresh tokens rotate like all others, so their current
 * credentials are stored, under an id derived from the original credential.
 */
import { GatewayError } from '../core/errors.ts';
import { accountIdOf, kiroAccountId } from './account-id.ts';
import { isConsumed } from './consumed-tokens.ts';
import { awsProfileOf, type Credential, isRefreshable, secretOf } from './credentials.ts';
import { NEW_ACCOUNT } from './health.ts';
import { keepingProfile, type OpenFile, writeLinked } from './linked-file.ts';
import type { Account, AccountStore, NewAccount } from './ports.ts';

export interface NamedCredentials {
  readonly refreshToken: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly profileArn: string | undefined;
  readonly region: string;
  readonly kiroApiKey: string | undefined;
  /** An AWS profile, empty for the whole credential chain; undefined: no such account. */
  readonly iam?: string | undefined;
  /** undefined: the file is not used. */
  readonly kiroTokenFile: string | undefined;
}

/** Updates the store for the accounts that this run names, and returns their ids. Throws `invalid_request` if incomplete. */
export async function prepareNamedAccounts(
  named: NamedCredentials,
  store: AccountStore,
  openFile: OpenFile,
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const account of environmentAccounts(named)) {
    await prepareEnvironmentAccount(account, store, nowMs);
    ids.add(account.id);
  }
  const { kiroTokenFile } = named;
  if (kiroTokenFile !== undefined) {
    const id = await prepareKiroAccount(kiroTokenFile, store, openFile, nowMs);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** undefined: the file does not exist or contains nothing usable. */
async function prepareKiroAccount(
  path: string,
  store: AccountStore,
  openFile: OpenFile,
  nowMs: number,
): Promise<string | undefined> {
  const source = { type: 'kiro-file', path } as const;
  const id = kiroAccountId(path);
  const first = await openFile(source).read();
  if (!first) return undefined;
  const before = await store.find(id);
  if (before && identityOf(before.credential) === identityOf(first.credential)) return id;
  // Under the account's lock, since a running gateway may be writing a new refresh token to both places.
  await store.exclusively(id, async () => {
    const read = await openFile(source).read();
    const known = await store.find(id);
    if (!read) return;
    if (!known) await store.put({ id, label: 'Kiro IDE', source, health: NEW_ACCOUNT, ...read }, nowMs);
    // A process was killed before it could write its new token back: the file's token is consumed, the stored one is valid.
    else if (isConsumed(known, read.credential)) await writeLinked(known, openFile).catch(() => {});
    else if (identityOf(known.credential) !== identityOf(read.credential)) {
      const credential = keepingProfile(known.credential, read.credential);
      // A new credential ends the signed-out state; states set by the operator or the service stay.
      const health = known.health.state.status === 'signed-out' ? NEW_ACCOUNT : known.health;
      await store.put({ ...known, credential, accessToken: read.accessToken, health }, nowMs);
    }
  });
  return id;
}

/** Throws `invalid_request` if a credential is incomplete. */
export function environmentAccounts(named: NamedCredentials): readonly NewAccount[] {
  const credentials = [fromRefreshToken(named), fromApiKey(named), fromIam(named)];
  return credentials.flatMap((credential) => {
    if (!credential) return [];
    const id = accountIdOf('env', identityOf(credential));
    const source = { type: 'environment' } as const;
    return [{ id, label: 'environment', source, credential, accessToken: undefined, health: NEW_ACCOUNT }];
  });
}

/** Under the account's lock, since a running gateway may be replacing the refresh token that is read here. */
async function prepareEnvironmentAccount(account: NewAccount, store: AccountStore, nowMs: number): Promise<void> {
  if (!changedBy(account, await store.find(account.id))) return;
  await store.exclusively(account.id, async () => {
    const changed = changedBy(account, await store.find(account.id));
    if (changed) await store.put(changed, nowMs);
  });
}

/** The account to store; undefined: the stored one already matches the environment. */
function changedBy(account: NewAccount, known: Account | undefined): NewAccount | undefined {
  if (!known) return account;
  const { source, label, accessToken, health, consumedTokens } = known;
  // After a rejected credential, each start tries the one from the environment again.
  if (health.state.status === 'signed-out') return { ...account, source, label };
  const stored = known.credential;
  const credential =
    isRefreshable(account.credential) && isRefreshable(stored)
      ? {
          ...account.credential,
          refreshToken: stored.refreshToken,
          profileArn: account.credential.profileArn ?? stored.profileArn,
        }
      : account.credential;
  if (JSON.stringify(sorted(credential)) === JSON.stringify(sorted(stored))) return undefined;
  return { ...account, source, label, credential, accessToken, health, ...(consumedTokens && { consumedTokens }) };
}

function fromRefreshToken(named: NamedCredentials): Credential | undefined {
  const { refreshToken, clientId, clientSecret, profileArn, region } = named;
  if (refreshToken === undefined) {
    if (clientId === undefined && clientSecret === undefined) return undefined;
    throw incomplete(
      'DRAGOMAN_CLIENT_ID and DRAGOMAN_CLIENT_SECRET require DRAGOMAN_REFRESH_TOKEN. Set it, or unset both.',
    );
  }
  if (clientId === undefined && clientSecret === undefined) return { kind: 'social', refreshToken, region, profileArn };
  if (clientId === undefined || clientSecret === undefined) {
    throw incomplete(
      'DRAGOMAN_CLIENT_ID and DRAGOMAN_CLIENT_SECRET belong together. Set both, or neither for a Kiro account.',
    );
  }
  // Organisations have profiles; Builder IDs have none.
  const kind = profileArn === undefined ? 'builder-id' : 'idc';
  return { kind, refreshToken, clientId, clientSecret, region, startUrl: undefined, profileArn };
}

function fromIam({ iam, region }: NamedCredentials): Credential | undefined {
  return iam === undefined ? undefined : { kind: 'iam', region, awsProfile: iam === '' ? undefined : iam };
}

function fromApiKey({ kiroApiKey, region }: NamedCredentials): Credential | undefined {
  return kiroApiKey === undefined ? undefined : { kind: 'api-key', apiKey: kiroApiKey, region };
}

function identityOf(credential: Credential): string {
  return secretOf(credential) ?? `iam ${awsProfileOf(credential) ?? ''}`;
}

function sorted(credential: Credential): unknown {
  return Object.entries(credential)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function incomplete(message: string): GatewayError {
  return new GatewayError('invalid_request', message);
}
