/** All token endpoints behind one port: which one an account's credential belongs to is decided here. */
import type { Dispatcher } from 'undici';
import type { TokenEndpoints } from '../accounts/ports.ts';
import { unreachable } from '../core/unreachable.ts';
import { Oidc } from './oidc.ts';
import { refreshSocial } from './social-auth.ts';

export interface TokenEndpointOptions {
  readonly dispatcher: Dispatcher;
  readonly oidcUrl: string | undefined;
  readonly socialAuthUrl: string;
  readonly userAgent: string;
  readonly now: () => number;
}

export function createTokenEndpoints(options: TokenEndpointOptions): TokenEndpoints {
  const { dispatcher, oidcUrl, socialAuthUrl, userAgent, now } = options;
  const oidc = new Oidc({ dispatcher, url: oidcUrl, userAgent });
  return {
    registerClient: (region, startUrl, signal) => oidc.registerClient(region, startUrl, signal),
    startDevice: (region, startUrl, client, signal) => oidc.startDevice(region, startUrl, client, signal),
    pollDevice: (region, client, deviceCode, signal) => oidc.pollDevice(region, client, deviceCode, signal),
    refresh(credential) {
      switch (credential.kind) {
        case 'builder-id':
        case 'idc':
          return oidc.refresh(credential);
        case 'social':
          return refreshSocial({ dispatcher, url: socialAuthUrl, userAgent, now }, credential);
        default:
          return unreachable(credential);
      }
    },
  };
}
