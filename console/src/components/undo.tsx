/** Announces an action that has taken effect and can be taken back for eight seconds. */
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';

const UNDO_MS = 8_000;

/** `undo` may reject: the error is shown in the place of the announcement. */
export function announceUndoable(message: string, undo: () => Promise<unknown>): void {
  const id = crypto.randomUUID?.() ?? String(Math.random());
  const takeBack = async () => {
    notifications.hide(id);
    await undo().catch((error: unknown) => announceError(error));
  };
  notifications.show({
    ...closable(),
    id,
    autoClose: UNDO_MS,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button size="compact-sm" variant="default" onClick={takeBack}>
          {i18next.t('actions.undo')}
        </Button>
      </Group>
    ),
  });
}

export function announce(message: string): void {
  notifications.show({ ...closable(), message });
}

export function announceError(error: unknown): void {
  const message = error instanceof Error && error.message !== '' ? error.message : i18next.t('error.offline');
  notifications.show({ ...closable(), title: i18next.t('error.title'), message, color: 'red', autoClose: 12_000 });
}

/** Names the button that closes it. */
function closable() {
  return { closeButtonProps: { 'aria-label': i18next.t('actions.close') } };
}
