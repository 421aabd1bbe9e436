/** The wire profile of an account: why it is in use, and what the service refused before. */
import { Button, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Account, forgetLearned, learnedQuery } from '../../api/accounts.ts';
import { useErrorCode } from '../../components/error-code.ts';
import { useNow } from '../../components/now.ts';
import { formatMoment } from '../../components/numbers.ts';
import { announce, announceError } from '../../components/undo.tsx';

export function WireProfile({ account }: { readonly account: Account }) {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  const { id, reason, until } = account.wireProfile;
  return (
    <>
      <code>{id}</code>{' '}
      <Text span inherit c="dimmed">
        {t(`wireProfile.${reason}`)}
        {until !== null && t('wireProfile.until', { time: formatMoment(until, nowMs) })}
      </Text>
      {reason === 'learned' && <Refused account={account} />}
    </>
  );
}

function Refused({ account: { id, label } }: { readonly account: Account }) {
  const { t } = useTranslation('accounts');
  const errorCode = useErrorCode();
  const nowMs = useNow();
  const { data } = useQuery(learnedQuery(id));
  const forget = () => forgetLearned(id).then(() => announce(t('wireProfile.forgotten', { label })), announceError);
  return (
    <>
      {data?.wireProfile?.refused.map((refusal) => (
        <Text key={refusal.id} size="sm" c="dimmed" title={refusal.message}>
          {t('wireProfile.refused', {
            id: refusal.id,
            reason: errorCode(refusal.code).title,
            time: formatMoment(refusal.at, nowMs),
          })}
        </Text>
      ))}
      <Button size="compact-xs" variant="default" mt={4} onClick={forget}>
        {t('wireProfile.forget')}
      </Button>
    </>
  );
}
