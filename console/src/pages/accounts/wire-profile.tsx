/** The wire profile of an account: why it is in use, and what the service has shown about it. */
import { Button, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type Account, forgetLearned } from '../../api/accounts.ts';
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
      <Learned account={account} />
    </>
  );
}

function Learned({ account: { id, label, learned } }: { readonly account: Account }) {
  const { t } = useTranslation('accounts');
  const errorCode = useErrorCode();
  const nowMs = useNow();
  const refused = learned?.wireProfile?.refused ?? [];
  const readings = learned?.readings ?? [];
  if (refused.length === 0 && readings.length === 0) return null;
  const forget = () => forgetLearned(id).then(() => announce(t('wireProfile.forgotten', { label })), announceError);
  return (
    <>
      {refused.map(({ id: profile, code, message, at }) => (
        <Text key={profile} size="sm" c="dimmed" title={message}>
          {t('wireProfile.refused', { id: profile, reason: errorCode(code).title, time: formatMoment(at, nowMs) })}
        </Text>
      ))}
      {readings.map(({ wireProfile, rule, reading, at }) => (
        <Text key={`${wireProfile} ${rule}`} size="sm" c="dimmed">
          {t('wireProfile.reading', { rule, reading, wireProfile, time: formatMoment(at, nowMs) })}
        </Text>
      ))}
      <Button size="compact-xs" variant="default" mt={4} onClick={forget}>
        {t('wireProfile.forget')}
      </Button>
    </>
  );
}
