/** The built-in accounts, one of each kind, with fixed tokens for settings files and tests. None is secret. */
import type { SimulatedAccount } from './identities.ts';

export const BUILDER_ID_START_URL = 'https://view.awsapps.com/start';
const PROFILE = 'arn:aws:codewhisperer:us-east-1:111122223333:profile/';
/** Clients treat refresh tokens under 100 characters as masked copies. */
const FILLER = 'x'.repeat(100);

/** A personal Builder ID: no profile ARN of its own. */
export const DEFAULT_ACCOUNT = {
  id: 'default',
  kind: 'builder-id',
  accessToken: 'aoaSimulatorDefault',
  refreshToken: `aorSimulatorDefault${FILLER}`,
  clientId: 'simulator-client',
  clientSecret: 'simulator-client-secret',
  startUrl: BUILDER_ID_START_URL,
  region: 'us-east-1',
  email: 'dev@example.com',
} as const satisfies SimulatedAccount;

export const IDC_ACCOUNT = {
  id: 'idc',
  kind: 'idc',
  accessToken: 'aoaSimulatorIdc',
  refreshToken: `aorSimulatorIdc${FILLER}`,
  clientId: 'simulator-idc-client',
  clientSecret: 'simulator-idc-client-secret',
  startUrl: 'https://example.awsapps.com/start',
  region: 'eu-central-1',
  profileArn: `${PROFILE}IDCIDCIDCIDC`,
  email: 'idc@example.com',
} as const satisfies SimulatedAccount;

export const SOCIAL_ACCOUNT = {
  id: 'social',
  kind: 'social',
  accessToken: 'aoaSimulatorSocial',
  refreshToken: `aorSimulatorSocial${FILLER}`,
  profileArn: `${PROFILE}SOCIALSOCIAL`,
  email: 'social@example.com',
} as const satisfies SimulatedAccount;

export const EXTERNAL_IDP_ACCOUNT = {
  id: 'external-idp',
  kind: 'external-idp',
  accessToken: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaW11bGF0b3IifQ.',
  refreshToken: `0.SimulatorExternal${FILLER}`,
  clientId: 'simulator-external-client',
  profileArn: `${PROFILE}EXTERNALIDP0`,
  email: 'external@example.com',
} as const satisfies SimulatedAccount;

export const API_KEY_ACCOUNT = {
  id: 'api-key',
  kind: 'api-key',
  accessToken: 'ksk_simulator',
  profileArn: `${PROFILE}APIKEYAPIKEY`,
} as const satisfies SimulatedAccount;

export const IAM_ACCOUNT = {
  id: 'iam',
  kind: 'iam',
  accessToken: 'AKIASIMULATOR',
  secretAccessKey: 'simulator-secret-access-key',
} as const satisfies SimulatedAccount;

/** A Builder ID on Amazon Q Developer's free plan, which counts requests. */
export const Q_DEVELOPER_ACCOUNT = {
  id: 'q-developer',
  kind: 'builder-id',
  accessToken: 'aoaSimulatorQDeveloper',
  refreshToken: `aorSimulatorQDeveloper${FILLER}`,
  clientId: 'simulator-q-client',
  clientSecret: 'simulator-q-client-secret',
  startUrl: BUILDER_ID_START_URL,
  region: 'us-east-1',
  email: 'q@example.com',
  credits: { used: 0, limit: 50 },
  plan: { title: 'Q DEVELOPER FREE', countsRequests: true },
} as const satisfies SimulatedAccount;

export const DEFAULT_ACCOUNTS: readonly SimulatedAccount[] = [
  DEFAULT_ACCOUNT,
  IDC_ACCOUNT,
  SOCIAL_ACCOUNT,
  EXTERNAL_IDP_ACCOUNT,
  API_KEY_ACCOUNT,
  IAM_ACCOUNT,
  Q_DEVELOPER_ACCOUNT,
];
