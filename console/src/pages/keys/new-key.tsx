/** Creates a key, then shows its secret. */
import { Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createKey, type KeyWithSecret } from '../../api/client-keys.ts';
import { KeyForm } from './key-form.tsx';
import { SecretShown } from './secret-shown.tsx';

interface NewKeyProps {
  readonly close: () => void;
  /** The gateway has no key so far, and serves this computer without one. */
  readonly isFirst: boolean;
}

export function NewKey({ close, isFirst }: NewKeyProps) {
  const { t } = useTranslation(['keys', 'common']);
  const [made, setMade] = useState<KeyWithSecret | undefined>();
  return (
    <Modal
      opened
      onClose={close}
      // A click beside it must not lose the secret.
      closeOnClickOutside={false}
      size="lg"
      title={made ? t('secret.title', { name: made.key.name }) : t('form.newTitle')}
      closeButtonProps={{ 'aria-label': t('common:actions.close') }}
    >
      {made ? (
        <SecretShown made={made} done={close} />
      ) : (
        <KeyForm
          initial={undefined}
          save={async (body) => setMade(await createKey(body))}
          cancel={close}
          notice={isFirst ? t('form.first') : undefined}
        />
      )}
    </Modal>
  );
}
