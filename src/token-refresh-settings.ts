/** The settings of a token refresh, which may run in a process of its own. */
import type { Settings } from './config.ts';

export type TransportSettings = Pick<
  Settings,
  'httpProxy' | 'httpsProxy' | 'allProxy' | 'noProxy' | 'firstByteTimeoutMs' | 'idleTimeoutMs' | 'connectTimeoutMs'
>;
export type TokenEndpointSettings = Pick<Settings, 'oidcUrl' | 'socialAuthUrl' | 'portalUrl' | 'idpHosts'>;

/** All that a token refresh takes. API keys and everything about serving stay in the gateway's own process. */
export type TokenRefreshSettings = TransportSettings &
  TokenEndpointSettings &
  Pick<Settings, 'databaseUrl' | 'home' | 'secretKey'>;

export function tokenRefreshSettings(settings: Settings): TokenRefreshSettings {
  const { databaseUrl, home, secretKey } = settings;
  const { httpProxy, httpsProxy, allProxy, noProxy } = settings;
  const { firstByteTimeoutMs, idleTimeoutMs, connectTimeoutMs } = settings;
  const { oidcUrl, socialAuthUrl, portalUrl, idpHosts } = settings;
  return {
    ...{ databaseUrl, home, secretKey },
    ...{ httpProxy, httpsProxy, allProxy, noProxy },
    ...{ firstByteTimeoutMs, idleTimeoutMs, connectTimeoutMs },
    ...{ oidcUrl, socialAuthUrl, portalUrl, idpHosts },
  };
}
