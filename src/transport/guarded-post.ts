/**
 * Posts JSON to an address that the operator has set, with the guard of guarded-fetch.ts: an address of this network is
 * refused unless it is allow-listed, since an admin of the gateway is not an admin of the network.
 */
import type { PostJson } from '../gateway/alerts/ports.ts';
import { type GuardedFetchOptions, pinnedTo, resolveGuarded } from './guarded-fetch.ts';

type Options = Pick<GuardedFetchOptions, 'userAgent' | 'allowed' | 'timeoutMs' | 'resolve'>;

const MAX_ANSWER_BYTES = 16 * 1024;

/** Redirects are not followed: an answer that is one counts as what its status says. */
export function createGuardedPost(options: Options): PostJson {
  return async (address, json) => {
    const signal = AbortSignal.timeout(options.timeoutMs);
    const refuse = (why: string) => new Error(why);
    const { url, addresses } = await resolveGuarded(address, options, signal, refuse);
    const { request } = await import('undici');
    const dispatcher = pinnedTo(addresses);
    try {
      const { statusCode, body } = await request(url, {
        dispatcher,
        method: 'POST',
        headers: { 'user-agent': options.userAgent, 'content-type': 'application/json; charset=utf-8' },
        body: json,
        signal,
      });
      return { status: statusCode, text: await readBounded(body) };
    } catch (cause) {
      if (signal.aborted)
        throw new Error(`the receiver did not respond within ${options.timeoutMs / 1000} seconds`, { cause });
      // The messages of undici may have the address.
      const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
      throw new Error(`the receiver is unreachable${code}`, { cause });
    } finally {
      dispatcher.destroy().catch(() => {});
    }
  };
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, MAX_ANSWER_BYTES);
}
