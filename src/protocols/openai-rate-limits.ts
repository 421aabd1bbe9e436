/** OpenAI's headers about limits: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
import type { RateLimits } from '../core/rate-limits.ts';

export function writeRateLimits({ requests, tokens }: RateLimits, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, window] of [
    ['requests', requests],
    ['tokens', tokens],
  ] as const) {
    if (!window) continue;
    headers[`x-ratelimit-limit-${name}`] = String(window.limit);
    headers[`x-ratelimit-remaining-${name}`] = String(window.remaining);
    headers[`x-ratelimit-reset-${name}`] = durationText(window.resetsAtMs - nowMs);
  }
  return headers;
}

/** `6m0s`, `12.5s`, `80ms`. */
function durationText(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms));
  if (whole < 1_000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = (whole % 60_000) / 1_000;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
