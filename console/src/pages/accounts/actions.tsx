/** The menu of what can be done with one account. */
import { ActionIcon, Menu } from '@mantine/core';
import { IconDots, IconLogin2, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type Account, changeAccount, refreshAccount, removeAccount, restoreAccount } from '../../api/accounts.ts';
import { announce, announceError, announceUndoable } from '../../components/undo.tsx';

interface ActionsProps {
  readonly account: Account;
  readonly signInAgain: (account: Account) => void;
  /** After it was removed. */
  readonly removed?: () => void;
}

export function AccountMenu({ account, signInAgain, removed }: ActionsProps) {
  const { t } = useTranslation('accounts');
  const { label, enabled, kind } = account;
  const actions = useAccountActions(account);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('actions.menu', { label })}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconRefresh size={16} />} onClick={actions.refresh}>
          {t('actions.refresh')}
        </Menu.Item>
        {SIGNED_IN.has(kind) && (
          <Menu.Item leftSection={<IconLogin2 size={16} />} onClick={() => signInAgain(account)}>
            {t('actions.signInAgain')}
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={enabled ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
          onClick={actions.toggle}
        >
          {t(enabled ? 'actions.disable' : 'actions.enable')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconTrash size={16} />}
          style={{ color: 'var(--bad)' }}
          onClick={() => {
            void actions.remove();
            removed?.();
          }}
        >
          {t('actions.remove')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Kinds whose credential a browser can renew. */
const SIGNED_IN: ReadonlySet<Account['kind']> = new Set(['builder-id', 'idc', 'social']);

function useAccountActions({ id, label, enabled }: Account) {
  const { t } = useTranslation('accounts');
  const setEnabled = (next: boolean) => changeAccount(id, { enabled: next });
  return {
    refresh: () => refreshAccount(id).then(() => announce(t('actions.refreshed', { label })), announceError),
    toggle: () =>
      setEnabled(!enabled).then(
        () =>
          announceUndoable(t(enabled ? 'actions.disabled' : 'actions.enabled', { label }), () => setEnabled(enabled)),
        announceError,
      ),
    remove: () =>
      removeAccount(id).then(
        () => announceUndoable(t('actions.removed', { label }), () => restoreAccount(id)),
        announceError,
      ),
  };
}
