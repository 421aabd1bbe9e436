/** Why a request failed: what the error means, the gateway's own words, and what to do. */
import { Alert, Anchor, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { RequestDetail } from '../../api/requests.ts';
import { useErrorCode } from '../../components/error-code.ts';
import { formatDuration } from '../../components/numbers.ts';

interface FailureProps {
  readonly request: RequestDetail;
  readonly code: string;
}

export function Failure({ request: { error, param, rule, retryAfterMs, account }, code }: FailureProps) {
  const { t, i18n } = useTranslation(['requests', 'shell']);
  const { title, help, page } = useErrorCode()(code);
  const to = page === 'accounts' && account !== null ? `/accounts/${account}` : page && `/${page}`;
  return (
    <Alert
      color="red"
      variant="default"
      icon={<IconAlertTriangle color="var(--bad)" aria-hidden />}
      title={title}
      styles={{ root: { borderColor: 'var(--bad)' } }}
    >
      {error && <Text size="sm">{error}</Text>}
      {help && (
        <Text size="sm" mt={4}>
          {help}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        <Anchor inherit href={`/docs/errors?lang=${i18n.language}#${code}`} target="_blank">
          <code>{code}</code>
        </Anchor>
        {param && (
          <>
            {' · '}
            {t('panel.field')} <code>{param}</code>
          </>
        )}
        {rule && (
          <>
            {' · '}
            {t('panel.rule')} <code>{rule}</code>
          </>
        )}
        {retryAfterMs !== null && ` · ${t('panel.retryAfter', { time: formatDuration(retryAfterMs) })}`}
      </Text>
      {to && page && (
        <Group mt="sm">
          <Button component={Link} to={to} size="xs" variant="default">
            {t('panel.goTo', { page: t(`shell:pages.${page}`) })}
          </Button>
        </Group>
      )}
    </Alert>
  );
}
