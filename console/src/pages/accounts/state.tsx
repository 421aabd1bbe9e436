/** An account's state in words: what, why, and until when. */
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api/accounts.ts';
import { useNow } from '../../components/now.ts';
import { formatMoment, formatRelative } from '../../components/numbers.ts';
import { StatusBadge, type Tone } from '../../components/status-badge.tsx';

const TONES: Record<Account['state']['status'], Tone> = {
  ready: 'good',
  cooling: 'waiting',
  exhausted: 'warn',
  suspended: 'bad',
  'signed-out': 'bad',
  disabled: 'off',
};

export function AccountBadge({ state }: Pick<Account, 'state'>) {
  const { t } = useTranslation('accounts');
  return <StatusBadge tone={TONES[state.status]}>{t(`status.${state.status}`)}</StatusBadge>;
}

/** One sentence; undefined for an account that is ready and has no error. */
export function useStateText({ state }: Pick<Account, 'state'>): string | undefined {
  const { t, i18n } = useTranslation('accounts');
  const nowMs = useNow();
  if (state.by !== null) return t(`disabledBy.${state.by}`);
  const code = state.reason;
  const known = code !== null && i18n.exists(`reasons.${code}`, { ns: 'accounts' });
  const reason =
    code === null ? undefined : known ? t(`reasons.${code}` as 'reasons.other') : t('reasons.other', { code });
  const until = state.until === null ? undefined : t('until', { time: formatMoment(state.until, nowMs) });
  const parts = [until, reason, state.message].filter((part) => part !== undefined && part !== null);
  return parts.length === 0 ? undefined : parts.join(' · ');
}

/** Why the last request that went to another account did; undefined: none has, or the state of the account says it. */
export function useSkipText({ lastSkip, state }: Pick<Account, 'lastSkip' | 'state'>): string | undefined {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  if (lastSkip === null || lastSkip.reason === state.status) return undefined;
  const time = formatRelative(Date.parse(lastSkip.at), nowMs);
  return t('skipped', { time, reason: t(`skipReasons.${lastSkip.reason}`) });
}
