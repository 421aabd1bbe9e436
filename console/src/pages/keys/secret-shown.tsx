/** The secret of a key, the one time that it is shown, with the way to put it to use. */
import { Alert, Button, Group, Select, Stack } from '@mantine/core';
import { IconEyeExclamation } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { KeyWithSecret } from '../../api/client-keys.ts';
import { modelsQuery } from '../../api/models.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { useNow } from '../../components/now.ts';
import { formatMoment } from '../../components/numbers.ts';
import { CLIENTS } from '../connect/clients.ts';
import { Setup } from '../connect/setup.tsx';

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
      <ClientSetup secret={secret} />
      <Group justify="flex-end" gap="xs">
        <CopyButton text={secret} label={t('secret.copy')} withWord />
        <Button onClick={done}>{t('secret.done')}</Button>
      </Group>
    </Stack>
  );
}

const USUAL_MODEL = 'claude-sonnet-4.5';

/** Ready to paste, with the new key in it. */
function ClientSetup({ secret }: { readonly secret: string }) {
  const { t } = useTranslation('keys');
  const { data } = useQuery(modelsQuery);
  const [clientId, setClientId] = useState('claude-code');
  const ids = data?.models.map(({ id }) => id) ?? [];
  const model = ids.includes(USUAL_MODEL) ? USUAL_MODEL : (ids[0] ?? USUAL_MODEL);
  return (
    <>
      <Select
        label={t('secret.setup')}
        data={CLIENTS.map(({ id, name }) => ({ value: id, label: name }))}
        value={clientId}
        onChange={(id) => setClientId(id ?? 'claude-code')}
        allowDeselect={false}
      />
      <Setup clientId={clientId} baseUrl={location.origin} clientKey={secret} model={model} />
    </>
  );
}
