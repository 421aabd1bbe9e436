/** The limits of a key, in words. */
import { useTranslation } from 'react-i18next';
import type { ClientKey } from '../../api/client-keys.ts';
import { formatAmount, formatTokens } from '../../components/numbers.ts';

export const LIMITS = [
  'requestsPerMinute',
  'concurrency',
  'tokensPerMinute',
  'creditsPerDay',
  'creditsPerMonth',
] as const;

export type LimitName = (typeof LIMITS)[number];

/** Returns those that are set: `60 requests/min`. */
export function useLimitTexts(): (key: ClientKey) => readonly string[] {
  const { t } = useTranslation('keys');
  return (key) =>
    LIMITS.flatMap((name) => {
      const value = key[name];
      if (value === null) return [];
      return [t(`limit.${name}`, { value: name === 'tokensPerMinute' ? formatTokens(value) : formatAmount(value) })];
    });
}
