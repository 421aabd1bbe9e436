/** Replaces the secret of a key, with a time in which the old one still works. */
import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ClientKey, type KeyWithSecret, rotateKey } from '../../api/client-keys.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { SecretShown } from './secret-shown.tsx';

interface RotateKeyProps {
  readonly clientKey: ClientKey;
  readonly close: () => void;
}

export function RotateKey({ clientKey, close }: RotateKeyProps) {
  const { t } = useTranslation(['keys', 'common']);
  const [made, setMade] = useState<KeyWithSecret | undefined>();
  const { name } = clientKey;
  return (
    <Modal
      opened
      onClose={close}
      closeOnClickOutside={false}
      size={made ? 'lg' : 'md'}
      title={made ? t('secret.rotatedTitle', { name }) : t('rotate.title', { name })}
      closeButtonProps={{ 'aria-label': t('common:actions.close') }}
    >
      {made ? (
        <SecretShown made={made} isRotated done={close} />
      ) : (
        <GraceForm id={clientKey.id} show={setMade} cancel={close} />
      )}
    </Modal>
  );
}

/** Seconds. */
const GRACES = ['0', '3600', '86400', '604800'] as const;

interface GraceFormProps {
  readonly id: string;
  readonly show: (made: KeyWithSecret) => void;
  readonly cancel: () => void;
}

function GraceForm({ id, show, cancel }: GraceFormProps) {
  const { t } = useTranslation(['keys', 'common']);
  const [grace, setGrace] = useState<string>('86400');
  const [error, setError] = useState<Error | undefined>();
  const [isSending, setIsSending] = useState(false);
  const rotate = async () => {
    setIsSending(true);
    await rotateKey(id, Number(grace)).then(show, setError);
    setIsSending(false);
  };
  return (
    <Stack gap="md">
      <Text size="sm">{t('rotate.text')}</Text>
      <Select
        label={t('rotate.grace')}
        data={GRACES.map((value) => ({ value, label: t(`rotate.choices.${value}`) }))}
        value={grace}
        onChange={(value) => setGrace(value ?? '0')}
        allowDeselect={false}
      />
      {error && <ErrorNotice error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={cancel}>
          {t('common:actions.cancel')}
        </Button>
        <Button onClick={rotate} loading={isSending}>
          {t('rotate.submit')}
        </Button>
      </Group>
    </Stack>
  );
}
