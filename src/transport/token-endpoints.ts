/** All token endpoints behind one interface: chooses the endpoint and proxy for a credential. */
import type { SignInEndpoints, TokenEndpoints } from '../accounts/ports.ts';
import { unreachable } from '../core/unreachable.ts';
import type { Dispatchers } from './dispatcher.ts';
import { refreshExternal } from './external-idp.ts';
import { Oidc } from './oidc.ts';
import {
  pollSocialDevice,
  redeemSocialCode,
  refreshSocial,
  socialSignInUrl,
  startSocialDevice,
} from './social-auth.ts';

export interface TokenEndpointOptions {
  readonly dispatchers: Pick<Dispatchers, 'of'>;
  readonly oidcUrl: string | undefined;
  readonly socialAuthUrl: string;
  /** Kiro's portal, where users sign in with their browser. */
  readonly portalUrl: string;
  /** Hosts of identity providers trusted in addition to the built-in ones. */
  readonly idpHosts: readonly string[];
  readonly userAgent: string;
  readonly now: () => number;
}

export function createTokenEndpoints(options: TokenEndpointOptions): TokenEndpoints {
  const { dispatchers, oidcUrl, socialAuthUrl, portalUrl, idpHosts, userAgent, now } = options;
  const connectionsOf = (proxy: string | undefined, addressSetting: string | undefined) => {
    return { ...dispatchers.of(proxy), addressSetting };
  };
  const oidcs = new Map<string | undefined, Oidc>();
  const oidcOf = (proxy: string | undefined) => {
    const oidc =
      oidcs.get(proxy) ?? new Oidc({ connections: connectionsOf(proxy, 'DRAGOMAN_OIDC_URL'), url: oidcUrl, userAgent });
    oidcs.set(proxy, oidc);
    return oidc;
  };
  const socialOf = (proxy: string | undefined) => {
    return { connections: connectionsOf(proxy, 'DRAGOMAN_SOCIAL_AUTH_URL'), url: socialAuthUrl, userAgent, now };
  };

  return {
    refresh(credential, proxy) {
      switch (credential.kind) {
        case 'builder-id':
        case 'idc':
          return oidcOf(proxy).refresh(credential);
        case 'social':
          return refreshSocial(socialOf(proxy), credential);
        case 'external-idp':
          return refreshExternal(
            { connections: connectionsOf(proxy, undefined), userAgent, hosts: idpHosts },
            credential,
          );
        default:
          return unreachable(credential);
      }
    },

    signIn(proxy): SignInEndpoints {
      const oidc = oidcOf(proxy);
      const social = socialOf(proxy);
      return {
        registerClient: (region, startUrl, flow, signal) => oidc.registerClient(region, startUrl, flow, signal),
        startDevice: (region, startUrl, client, signal) => oidc.startDevice(region, startUrl, client, signal),
        pollDevice: (region, client, deviceCode, signal) => oidc.pollDevice(region, client, deviceCode, signal),
        authorizeUrl: (region, clientId, redirectUri, challenge, state) =>
          oidc.authorizeUrl(region, clientId, redirectUri, challenge, state),
        redeemCode: (region, client, code, signal) => oidc.redeemCode(region, client, code, signal),
        startSocialDevice: (provider, signal) => startSocialDevice(social, provider, signal),
        pollSocialDevice: (deviceCode, signal) => pollSocialDevice(social, deviceCode, signal),
        socialSignInUrl: (redirectUri, challenge, state) => socialSignInUrl(portalUrl, redirectUri, challenge, state),
        redeemSocialCode: (code, signal) => redeemSocialCode(social, code, signal),
      };
    },
  };
}
