/** An error with what happened, why, and what to do, with a button that does it if there is one. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/error.ts';

interface ErrorNoticeProps {
  readonly error: Error;
  /** What did not work. */
  readonly title?: string;
  readonly retry?: (() => unknown) | undefined;
}

export function ErrorNotice({ error, title, retry }: ErrorNoticeProps) {
  const { t } = useTranslation();
  const { what, help } = useExplanation(error);
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <Alert
      color="red"
      variant="default"
      role="alert"
      icon={<IconAlertTriangle color="var(--bad)" />}
      title={title ?? t('error.title')}
      styles={{ root: { borderColor: 'var(--bad)' } }}
    >
      <Text size="sm">{what}</Text>
      {help && (
        <Text size="sm" c="dimmed">
          {help}
        </Text>
      )}
      {requestId && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('error.requestId')} <code>{requestId}</code>
        </Text>
      )}
      {retry && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={() => retry()}>
            {t('actions.retry')}
          </Button>
        </Group>
      )}
    </Alert>
  );
}

/** What happened and what to do, in the reader's language where the console knows it, else in the gateway's words. */
export function useExplanation(error: Error): { readonly what: string; readonly help: string | undefined } {
  const { t } = useTranslation();
  if (!(error instanceof ApiError)) return { what: error.message, help: undefined };
  if (error.code === 'offline') return { what: t('error.offline'), help: t('error.offlineHelp') };
  const help = error.retryAfterS === undefined ? undefined : t('error.rateLimited', { seconds: error.retryAfterS });
  if (error.message !== '') return { what: error.message, help };
  return { what: t('error.unexpected', { status: error.status }), help: help ?? t('error.unexpectedHelp') };
}
