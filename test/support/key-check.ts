/** Checks keys as the gateway does, for tests that have no store of keys. */
import { createApiKeyCheck } from '../../src/gateway/api-keys.ts';
import { sha256 } from '../../src/gateway/key-secret.ts';

/** Of the presented key: returns the client's id, or undefined if the key is unknown. */
export function checkOfKeys(...keys: readonly string[]): (presented: string) => string | undefined {
  const check = createApiKeyCheck(keys);
  return (presented) => check(sha256(presented));
}
