/** Asks before something that cannot be undone, with the consequence spelled out. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

interface Question {
  readonly title: string;
  /** What follows: "Clients using this key will get 401 at once." */
  readonly consequence: string;
  /** The word on the button. */
  readonly action: string;
}

interface Open extends Question {
  readonly answer: (isConfirmed: boolean) => void;
}

let open: Open | undefined;
const listeners = new Set<() => void>();

function show(next: Open | undefined): void {
  open = next;
  for (const listener of listeners) listener();
}

/** Resolves with whether the reader confirmed. */
export function confirm(question: Question): Promise<boolean> {
  open?.answer(false);
  return new Promise((resolve) => {
    show({
      ...question,
      answer: (isConfirmed) => {
        show(undefined);
        resolve(isConfirmed);
      },
    });
  });
}

/** Once in the application. */
export function ConfirmDialogue() {
  const { t } = useTranslation();
  const question = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
  return (
    <Modal
      opened={question !== undefined}
      onClose={() => question?.answer(false)}
      title={question?.title}
      size="sm"
      // Above the panels and dialogues that it is opened from, which are mounted later.
      zIndex={250}
    >
      <Stack>
        <Text>{question?.consequence}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => question?.answer(false)} data-autofocus>
            {t('actions.cancel')}
          </Button>
          <Button color="red.9" onClick={() => question?.answer(true)}>
            {question?.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
