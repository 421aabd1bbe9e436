/** The three ways to add an account, or signing one in again. */
import { Modal, Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../../api/accounts.ts';
import { ByHand } from './by-hand.tsx';
import { DeviceSignIn } from './device-sign-in.tsx';
import { ImportFound } from './import-found.tsx';

export type AddWay = 'sign-in' | 'import' | 'by-hand';

interface AddDialogueProps {
  /** Undefined: closed. */
  readonly way: AddWay | undefined;
  readonly setWay: (way: AddWay | undefined) => void;
  /** Only signing in again. */
  readonly account?: Account | undefined;
}

export function AddDialogue({ way, setWay, account }: AddDialogueProps) {
  const { t } = useTranslation('accounts');
  const { t: common } = useTranslation();
  const close = () => setWay(undefined);
  const title = account === undefined ? t('addDialog.title') : `${t('actions.signInAgain')}: ${account.label}`;
  return (
    <Modal
      opened={way !== undefined}
      onClose={close}
      title={title}
      size="lg"
      closeButtonProps={{ 'aria-label': common('actions.close') }}
    >
      {account !== undefined ? (
        <DeviceSignIn account={account} close={close} />
      ) : (
        <Tabs value={way ?? 'sign-in'} onChange={(value) => setWay(value as AddWay)} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="sign-in">{t('addDialog.signIn')}</Tabs.Tab>
            <Tabs.Tab value="import">{t('addDialog.import')}</Tabs.Tab>
            <Tabs.Tab value="by-hand">{t('addDialog.byHand')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="sign-in">
            <DeviceSignIn close={close} />
          </Tabs.Panel>
          <Tabs.Panel value="import">
            <ImportFound close={close} />
          </Tabs.Panel>
          <Tabs.Panel value="by-hand">
            <ByHand close={close} />
          </Tabs.Panel>
        </Tabs>
      )}
    </Modal>
  );
}
