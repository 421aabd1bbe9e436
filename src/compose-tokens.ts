/** Upstream connections and token endpoints, for the gateway and its token refresh process. */
import type { TokenEndpoints } from './accounts/ports.ts';
import { TokenRefresh, type TokenRefreshOptions } from './accounts/token-refresh.ts';
import type { Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import { type ClosableTokenRefresher, TokenRefreshProcess } from './token-refresh-process.ts';
import { type TokenEndpointSettings, type TransportSettings, tokenRefreshSettings } from './token-refresh-settings.ts';
import { createTokenEndpoints } from './transport/token-endpoints.ts';
import { createUpstreamTransport, type UpstreamTransport } from './transport/upstream.ts';
import { VERSION } from './version.ts';

/** dragoman names itself in every request it sends. */
export const USER_AGENT = `dragoman/${VERSION}`;

export function composeTransport(settings: TransportSettings): UpstreamTransport {
  const { httpProxy, httpsProxy, allProxy, noProxy } = settings;
  return createUpstreamTransport({
    proxy: { httpProxy, httpsProxy, allProxy, noProxy: noProxy.join(',') },
    addressSetting: 'DRAGOMAN_UPSTREAM_URL',
    headersTimeoutMs: settings.firstByteTimeoutMs,
    idleTimeoutMs: settings.idleTimeoutMs,
    connectTimeoutMs: settings.connectTimeoutMs,
    userAgent: USER_AGENT,
  });
}

export function composeTokenEndpoints(
  settings: TokenEndpointSettings,
  { dispatchers }: UpstreamTransport,
  clock: Clock,
): TokenEndpoints {
  const { oidcUrl, socialAuthUrl, portalUrl, idpHosts } = settings;
  return createTokenEndpoints({
    dispatchers,
    oidcUrl,
    socialAuthUrl,
    portalUrl,
    idpHosts,
    userAgent: USER_AGENT,
    now: clock.now,
  });
}

/**
 * Refreshes in a separate process, so that killing the gateway cannot lose a rotated refresh token. An in-memory
 * database would be lost anyway, and a test's clock and endpoints work in this process only.
 */
export function composeTokenRefresher(
  settings: Settings,
  overrides: { readonly clock?: Clock; readonly tokens?: TokenEndpoints },
  options: TokenRefreshOptions,
): ClosableTokenRefresher {
  const here = new TokenRefresh(options);
  const isApart = !overrides.clock && !overrides.tokens && settings.databaseUrl !== 'sqlite::memory:';
  if (isApart) return new TokenRefreshProcess(tokenRefreshSettings(settings), options.log, here);
  return here;
}
