/** The secret of a key, the one time that it is shown, with the way to put it to use. */
import { Alert, Button, Group, Stack } from '@mantine/core';
import { IconEyeExclamation } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { KeyWithSecret } from '../../api/client-keys.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { useNow } from '../../components/now.ts';
import { formatMoment } from '../../components/numbers.ts';

interface SecretShownProps {
  readonly made: KeyWithSecret;
  /** It has replaced another secret. */
  readonly isRotated?: boolean;
  readonly done: () => void;
}

export function SecretShown({ made: { key, secret }, isRotated = false, done }: SecretShownProps) {
  const { t } = useTranslation('keys');
  const nowMs = useNow();
  const old = key.previousSecretUntil;
  return (
    <Stack gap="md">
      <Alert
        color="yellow"
        variant="light"
        icon={<IconEyeExclamation color="var(--warn)" aria-hidden />}
        styles={{ message: { color: 'var(--mantine-color-text)' } }}
      >
        {t('secret.once')}{' '}
        {isRotated && (old === null ? t('secret.oldGone') : t('secret.old', { time: formatMoment(old, nowMs) }))}
      </Alert>
      <CodeBlock code={secret} label={t('secret.label')} />
      <Group justify="space-between">
        <Button component={Link} to="/connect" variant="default">
          {t('secret.setup')}
        </Button>
        <Group gap="xs">
          <CopyButton text={secret} label={t('secret.copy')} withWord />
          <Button onClick={done}>{t('secret.done')}</Button>
        </Group>
      </Group>
    </Stack>
  );
}
