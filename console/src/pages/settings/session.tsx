/** The session of this browser, and ending all of them. */
import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { confirm } from '../../components/confirm.tsx';
import { Facts } from '../../components/facts.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { announceError } from '../../components/undo.tsx';
import { signOut, useSession } from '../../session/session.ts';

export function Session() {
  const { t } = useTranslation(['settings', 'shell']);
  const { data } = useSession();
  const session = data?.session;
  const endAll = async () => {
    const question = { title: t('session.allTitle'), consequence: t('session.allConsequence') };
    if (await confirm({ ...question, action: t('shell:account.signOutAll') })) await signOut(true);
  };
  return (
    <Paper component="section" p="md" bg="var(--surface)" maw={680}>
      <Stack gap="md">
        <Title order={2}>{t('session.title')}</Title>
        {session && (
          <Facts
            facts={[
              { name: t('session.signedInBy'), value: t(`session.by.${session.signedInBy}`) },
              { name: t('session.created'), value: <TimeAgo time={session.createdAt} /> },
              { name: t('session.idle'), value: <TimeAgo time={session.idleUntil} /> },
              { name: t('session.expires'), value: <TimeAgo time={session.expiresAt} /> },
            ]}
          />
        )}
        <Text size="sm" c="dimmed">
          {t('session.lead')}
        </Text>
        <Group gap="xs">
          <Button variant="default" onClick={() => void signOut(false).catch(announceError)}>
            {t('shell:account.signOut')}
          </Button>
          <Button variant="default" c="var(--bad)" onClick={() => void endAll().catch(announceError)}>
            {t('shell:account.signOutAll')}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
