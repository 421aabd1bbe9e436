/** Whether the gateway is well, in one sentence. */
import { useTranslation } from 'react-i18next';
import type { Activity } from '../../api/activity.ts';
import { useNow } from '../../components/now.ts';
import { formatMoment, formatShare } from '../../components/numbers.ts';
import type { Tone } from '../../components/status-badge.tsx';

/** From this share of failures on, and this many requests, something is wrong. */
const FAILING_SHARE = 0.2;
const FAILING_REQUESTS = 10;

type Accounts = Activity['accounts'];

export interface Health {
  readonly tone: Tone;
  readonly text: string;
}

export function useHealth(): (activity: Activity) => Health {
  const { t } = useTranslation('overview');
  const nowMs = useNow();
  const waiting = (accounts: Accounts) => {
    const [first] = accounts.filter(({ status }) => status !== 'ready' && status !== 'disabled');
    if (!first) return '';
    const values = { label: first.label, state: t(`health.state.${knownStatus(first.status)}`) };
    const text = first.until
      ? t('health.until', { ...values, time: formatMoment(first.until, nowMs) })
      : t('health.without', values);
    return ` ${text}`;
  };
  return ({ accounts, totals }) => {
    const used = accounts.filter(({ status }) => status !== 'disabled');
    const ready = used.filter(({ status }) => status === 'ready').length;
    if (accounts.length === 0) return { tone: 'warn', text: t('health.noAccount') };
    if (ready === 0) return { tone: 'bad', text: t('health.noneReady') + waiting(used) };
    const share = totals.requests === 0 ? 0 : totals.errors / totals.requests;
    if (totals.requests >= FAILING_REQUESTS && share >= FAILING_SHARE)
      return { tone: 'warn', text: t('health.failing', { share: formatShare(share) }) + waiting(used) };
    if (ready < used.length)
      return { tone: 'good', text: t('health.someReady', { ready, total: used.length }) + waiting(used) };
    return { tone: 'good', text: t('health.allReady', { count: ready }) };
  };
}

const STATUSES = ['cooling', 'exhausted', 'suspended', 'signed-out'] as const;

function knownStatus(status: string): (typeof STATUSES)[number] {
  return STATUSES.find((known) => known === status) ?? 'cooling';
}
