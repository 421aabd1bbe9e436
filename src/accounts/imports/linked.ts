/** Opens the credential file that an account is linked to, in the format of its program. */
import { unreachable } from '../../core/unreachable.ts';
import type { CredentialFile } from '../ports.ts';
import type { LinkedSource } from '../sources.ts';
import { openCliDatabase } from './cli-database.ts';
import { proxyPlace } from './codewhisperer-proxy.ts';
import { gatewayPlace } from './gateway-file.ts';
import { kiroPlace } from './kiro-ide.ts';
import { ssoPlace } from './sso-cache.ts';
import { openTokenFile } from './token-file.ts';

/** `now`: milliseconds since 1970, for expiry dates. */
export function openLinked(source: LinkedSource, now: () => number = Date.now): CredentialFile {
  const reading = { nowMs: now() };
  switch (source.type) {
    case 'kiro-file':
      return openTokenFile(kiroPlace(source.path, reading));
    case 'cli-database':
      return openCliDatabase(source.path, source.key, reading);
    case 'sso-cache':
      return openTokenFile(ssoPlace(source.path, reading));
    case 'codewhisperer-proxy':
      return openTokenFile(proxyPlace(source.path, reading));
    case 'gateway-file':
      return openTokenFile(gatewayPlace(source.path, source.owner, reading));
    default:
      return unreachable(source);
  }
}
