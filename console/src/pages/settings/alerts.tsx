/** What needs attention now, what has ended, and the webhooks that alerts are sent to. */
import { Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Alert, alertsQuery, testWebhooks, type Webhook } from '../../api/alerts.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { announceError } from '../../components/undo.tsx';
import { currentLanguage } from '../../texts/languages.ts';
import classes from './settings.module.css';

export function Alerts() {
  const { t } = useTranslation('settings');
  const { data, error, refetch } = useQuery(alertsQuery);
  if (error) return <ErrorNotice error={error} retry={refetch} />;
  if (!data) return <Skeleton height={200} />;
  return (
    <Stack maw={900}>
      <AlertTable title={t('alerts.now')} alerts={data.alerts} empty={t('alerts.none')} />
      {data.recent.length > 0 && <AlertTable title={t('alerts.recent')} alerts={data.recent} empty="" />}
      <Webhooks webhooks={data.webhooks} />
    </Stack>
  );
}

interface AlertTableProps {
  readonly title: string;
  readonly alerts: readonly Alert[];
  readonly empty: string;
}

function AlertTable({ title, alerts, empty }: AlertTableProps) {
  const { t } = useTranslation(['settings', 'shell']);
  // The gateway writes its messages in English.
  const isEnglish = currentLanguage() === 'en';
  return (
    <Paper component="section" p="md" bg="var(--surface)" aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {alerts.length === 0 ? (
        <Text size="sm" c="dimmed">
          {empty}
        </Text>
      ) : (
        <ul className={classes.alerts} aria-label={title}>
          {alerts.map(({ id, severity, type, subject, message, beganAt, endedAt }) => (
            <li key={`${id} ${beganAt}`} className={classes.alert}>
              <StatusBadge tone={endedAt !== null ? 'off' : severity === 'critical' ? 'bad' : 'warn'}>
                {endedAt === null ? t(`alerts.severity.${severity}`) : t('alerts.ended')}
              </StatusBadge>
              <Text size="sm" c="dimmed" className={classes.alertTime}>
                <TimeAgo time={endedAt ?? beganAt} />
              </Text>
              <div className={classes.alertText}>
                {t(`alerts.type.${type}`)}
                {subject && ` · ${subject.label}`}
                <Text size="sm" c="dimmed" title={message}>
                  {isEnglish ? message : t(`shell:alerts.text.${type}`, { label: subject?.label ?? '' })}
                </Text>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Paper>
  );
}

function Webhooks({ webhooks }: { readonly webhooks: readonly Webhook[] }) {
  const { t } = useTranslation('settings');
  const [isTesting, setIsTesting] = useState(false);
  const test = async () => {
    setIsTesting(true);
    await testWebhooks().catch(announceError);
    setIsTesting(false);
  };
  return (
    <Paper component="section" p="md" bg="var(--surface)" aria-label={t('alerts.webhooks')}>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{t('alerts.webhooks')}</Title>
        {webhooks.length > 0 && (
          <Button size="xs" variant="default" onClick={test} loading={isTesting}>
            {t('alerts.test')}
          </Button>
        )}
      </Group>
      {webhooks.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('alerts.noWebhook')}
        </Text>
      )}
      {webhooks.map(({ shape, host, deliveredAt, problem }) => (
        <Group key={`${shape} ${host}`} justify="space-between" py={6}>
          <div>
            <code>{host}</code> <Text span c="dimmed" inherit>{`· ${t(`alerts.shape.${shape}`)}`}</Text>
            {problem && (
              <Text size="sm" c="var(--bad)">
                {problem}
              </Text>
            )}
          </div>
          <Text size="sm" c="dimmed">
            {deliveredAt === null ? t('alerts.notSent') : <TimeAgo time={deliveredAt} />}
          </Text>
        </Group>
      ))}
    </Paper>
  );
}
