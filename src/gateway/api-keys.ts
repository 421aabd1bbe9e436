/** Which client an API key stands for. Keys are compared as hashes, in constant time, always against all of them. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Answers the client's id, or undefined for a key nobody has been given. */
export type ApiKeyCheck = (presented: string) => string | undefined;

export function createApiKeyCheck(keys: readonly string[]): ApiKeyCheck {
  const known = keys.map(sha256);
  return (presented) => {
    const hash = sha256(presented);
    let found: Buffer | undefined;
    // No early exit: how long this takes must not tell which key was near.
    for (const candidate of known) if (timingSafeEqual(candidate, hash)) found = candidate;
    return found && clientIdOf(found);
  };
}

/** Enough of the hash to tell clients apart in logs; useless for finding the key. */
function clientIdOf(hash: Buffer): string {
  return `key-${hash.toString('hex').slice(0, 12)}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
