/** Removed accounts: restored, or deleted for good. Nothing is shown while there are none. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowBackUp, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type DiscardedAccount, deleteAccount, restoreAccount } from '../../api/accounts.ts';
import { confirm } from '../../components/confirm.tsx';
import { useNow } from '../../components/now.ts';
import { formatRelative, formatTime } from '../../components/numbers.ts';
import { announce, announceError } from '../../components/undo.tsx';
import classes from './accounts.module.css';

export function Trash({ discarded }: { readonly discarded: readonly DiscardedAccount[] }) {
  const { t } = useTranslation(['accounts', 'common']);
  const [isOpen, { open, close }] = useDisclosure(false);
  if (discarded.length === 0) return null;
  return (
    <>
      <Button
        mt="md"
        size="compact-sm"
        variant="subtle"
        color="gray"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={open}
      >
        {t('trash.open', { count: discarded.length })}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title={t('trash.title')}
        closeButtonProps={{ 'aria-label': t('common:actions.close') }}
      >
        <Text size="sm" c="dimmed" mb="xs">
          {t('trash.lead')}
        </Text>
        {discarded.map((account) => (
          <Discarded key={account.id} account={account} />
        ))}
      </Modal>
    </>
  );
}

function Discarded({ account: { id, label, kind, removedAt, deletedAt } }: { readonly account: DiscardedAccount }) {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  const restore = () => restoreAccount(id).then(() => announce(t('trash.restored', { label })), announceError);
  const deleteNow = async () => {
    const question = { title: t('trash.deleteTitle', { label }), consequence: t('trash.consequence') };
    if (!(await confirm({ ...question, action: t('trash.delete') }))) return;
    await deleteAccount(id).then(() => announce(t('trash.deleted', { label })), announceError);
  };
  return (
    <div className={classes.discarded}>
      <div>
        <Text size="sm" fw={550}>
          {label}
        </Text>
        <Text size="xs" c="dimmed" title={`${formatTime(removedAt)} – ${formatTime(deletedAt)}`}>
          {t(`kinds.${kind}`)} ·{' '}
          {t('trash.times', {
            removed: formatRelative(Date.parse(removedAt), nowMs),
            deleted: formatRelative(Date.parse(deletedAt), nowMs),
          })}
        </Text>
      </div>
      <Group gap="xs">
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconArrowBackUp size={16} aria-hidden />}
          onClick={restore}
        >
          {t('trash.restore')}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={deleteNow}>
          {t('trash.delete')}
        </Button>
      </Group>
    </div>
  );
}
