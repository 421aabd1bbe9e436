/** Anthropic's headers about limits: https://docs.anthropic.com/en/api/rate-limits#response-headers */
import type { RateLimits } from '../../core/rate-limits.ts';
import { isoTime } from '../../core/times.ts';

/** Never `anthropic-ratelimit-unified-*`, which Claude Code takes for the limits of a subscription. */
export function writeRateLimits({ requests, tokens }: RateLimits): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, window] of [
    ['requests', requests],
    ['tokens', tokens],
  ] as const) {
    if (!window) continue;
    headers[`anthropic-ratelimit-${name}-limit`] = String(window.limit);
    headers[`anthropic-ratelimit-${name}-remaining`] = String(window.remaining);
    // Rounded up to the second, as the vendor does.
    headers[`anthropic-ratelimit-${name}-reset`] = isoTime(Math.ceil(window.resetsAtMs / 1_000) * 1_000).replace(
      '.000Z',
      'Z',
    );
  }
  return headers;
}
