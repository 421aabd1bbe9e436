/** A credential of each kind that the simulator accepts. */
import type { Credential, CredentialKind } from '../../src/accounts/credentials.ts';
import {
  API_KEY_ACCOUNT,
  DEFAULT_ACCOUNT,
  EXTERNAL_IDP_ACCOUNT,
  IDC_ACCOUNT,
  SOCIAL_ACCOUNT,
} from '../../src/simulator/default-accounts.ts';

const region = 'us-east-1';

export const CREDENTIALS: Record<CredentialKind, (simulatorUrl: string) => Credential> = {
  'builder-id': () => ({ ...DEFAULT_ACCOUNT, profileArn: undefined }),
  idc: () => IDC_ACCOUNT,
  social: () => ({ ...SOCIAL_ACCOUNT, region }),
  'external-idp': (url) => ({
    ...EXTERNAL_IDP_ACCOUNT,
    region,
    tokenEndpoint: `${url}/tenant/oauth2/v2.0/token`,
    scopes: ['codewhisperer:conversations', 'offline_access'],
  }),
  'api-key': () => ({ kind: 'api-key', apiKey: API_KEY_ACCOUNT.accessToken, region }),
  iam: () => ({ kind: 'iam', region, awsProfile: undefined }),
};

export const KINDS = Object.keys(CREDENTIALS) as CredentialKind[]; // the keys of a Record
