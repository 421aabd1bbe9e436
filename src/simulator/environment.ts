/** The settings that point a gateway at a simulator and sign it in as the simulator's first account. */
import { DEFAULT_ACCOUNT } from './default-accounts.ts';

export function environmentFor(simulatorUrl: string): Readonly<Record<string, string>> {
  return {
    DRAGOMAN_UPSTREAM_URL: simulatorUrl,
    DRAGOMAN_OIDC_URL: simulatorUrl,
    DRAGOMAN_SOCIAL_AUTH_URL: simulatorUrl,
    DRAGOMAN_PORTAL_URL: simulatorUrl,
    DRAGOMAN_IDP_HOSTS: new URL(simulatorUrl).host,
    DRAGOMAN_REFRESH_TOKEN: DEFAULT_ACCOUNT.refreshToken,
    DRAGOMAN_CLIENT_ID: DEFAULT_ACCOUNT.clientId,
    DRAGOMAN_CLIENT_SECRET: DEFAULT_ACCOUNT.clientSecret,
  };
}
