/** OpenAI's headers about limits: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
import type { RateLimits } from '../core/rate-limits.ts';

export function writeRateLimits({ requests, tokens }: RateLimits, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  if (requests) {
    headers['x-ratelimit-limit-requests'] = String(requests.limit);
    headers['x-ratelimit-remaining-requests'] = String(requests.remaining);
    headers['x-ratelimit-reset-requests'] = durationText(requests.resetsAtMs - nowMs);
  }
  if (tokens) {
    headers['x-ratelimit-limit-tokens'] = String(tokens.limit);
    headers['x-ratelimit-remaining-tokens'] = String(tokens.remaining);
    headers['x-ratelimit-reset-tokens'] = durationText(tokens.resetsAtMs - nowMs);
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
