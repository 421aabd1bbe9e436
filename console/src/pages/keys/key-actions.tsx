/** What can be done with a key. Disabling can be undone; what cannot is asked first. */
import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ClientKey, changeKey, forgetKey, revokeKey } from '../../api/client-keys.ts';
import { confirm } from '../../components/confirm.tsx';
import { announce, announceError, announceUndoable } from '../../components/undo.tsx';
import { KeyForm } from './key-form.tsx';
import { RotateKey } from './rotate-key.tsx';

interface KeyActionsProps {
  readonly clientKey: ClientKey;
  /** After the key is no longer in the list. */
  readonly leave: () => void;
}

export function KeyActions({ clientKey, leave }: KeyActionsProps) {
  const { t } = useTranslation(['keys', 'common']);
  const [open, setOpen] = useState<'edit' | 'rotate' | undefined>();
  const { id, name, state, enabled } = clientKey;
  const close = () => setOpen(undefined);
  const setEnabled = async (isEnabled: boolean) => {
    await changeKey(id, { enabled: isEnabled });
    announceUndoable(t(isEnabled ? 'done.enabled' : 'done.disabled', { name }), () =>
      changeKey(id, { enabled: !isEnabled }),
    );
  };
  const revoke = async () => {
    const question = { title: t('revoke.title', { name }), consequence: t('revoke.consequence') };
    if (!(await confirm({ ...question, action: t('actions.revoke') }))) return;
    await revokeKey(id);
    announce(t('done.revoked', { name }));
  };
  const forget = async () => {
    const consequence = `${t('forget.consequence')} ${t('forget.last')}`;
    if (!(await confirm({ title: t('forget.title', { name }), consequence, action: t('actions.forget') }))) return;
    await forgetKey(id);
    announce(t('done.forgotten', { name }));
    leave();
  };
  const run = (action: () => Promise<void>) => () => void action().catch(announceError);
  if (state === 'revoked')
    return (
      <Button variant="default" size="xs" onClick={run(forget)}>
        {t('actions.forget')}
      </Button>
    );
  return (
    <Group gap="xs">
      <Button size="xs" onClick={() => setOpen('edit')}>
        {t('actions.edit')}
      </Button>
      <Button size="xs" variant="default" onClick={() => setOpen('rotate')}>
        {t('actions.rotate')}
      </Button>
      <Button size="xs" variant="default" onClick={run(() => setEnabled(!enabled))}>
        {t(enabled ? 'actions.disable' : 'actions.enable')}
      </Button>
      <Button size="xs" variant="default" c="var(--bad)" onClick={run(revoke)}>
        {t('actions.revoke')}
      </Button>
      {open === 'rotate' && <RotateKey clientKey={clientKey} close={close} />}
      <Modal
        opened={open === 'edit'}
        onClose={close}
        size="lg"
        title={t('form.editTitle', { name })}
        closeButtonProps={{ 'aria-label': t('common:actions.close') }}
      >
        <KeyForm
          initial={clientKey}
          save={async (body) => {
            await changeKey(id, body);
            close();
            announce(t('done.changed', { name: body.name }));
          }}
          cancel={close}
        />
      </Modal>
    </Group>
  );
}
