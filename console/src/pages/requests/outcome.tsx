/** How a request ended, as a word and its HTTP status. */
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { LedgerRequest } from '../../api/requests.ts';
import { StatusBadge, type Tone } from '../../components/status-badge.tsx';

const TONES: Record<LedgerRequest['outcome'], Tone> = {
  ok: 'good',
  refused: 'warn',
  abandoned: 'off',
  timeout: 'bad',
  failed: 'bad',
};

export function Outcome({ outcome, status }: Pick<LedgerRequest, 'outcome' | 'status'>) {
  const { t } = useTranslation('requests');
  return (
    <StatusBadge tone={TONES[outcome]}>
      {t(`outcome.${outcome}`)}{' '}
      <Text span inherit visibleFrom="xs">
        {status}
      </Text>
    </StatusBadge>
  );
}
