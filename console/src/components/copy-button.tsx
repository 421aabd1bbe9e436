/** Copies a text, and says so to screen readers too. */
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for the accessible name: "Copy base URL". */
  readonly label?: string;
  /** With the label as its word; otherwise an icon. */
  readonly withWord?: boolean;
}

const SHOWN_MS = 1_500;

export function CopyButton({ text, label, withWord = false }: CopyButtonProps) {
  const { t } = useTranslation();
  const [isCopied, setIsCopied] = useState(false);
  const name = label ?? t('actions.copy');
  const copy = async () => {
    if (!(await copyText(text))) {
      notifications.show({ message: t('actions.copyFailed') });
      return;
    }
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), SHOWN_MS);
  };
  const Icon = isCopied ? IconCheck : IconCopy;
  const shown = isCopied ? t('actions.copied') : name;
  if (withWord)
    return (
      <Button variant="default" size="xs" onClick={copy} leftSection={<Icon size={16} aria-hidden />}>
        {shown}
      </Button>
    );
  return (
    <Tooltip label={shown}>
      <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={shown}>
        <Icon size={17} />
      </ActionIcon>
    </Tooltip>
  );
}

/** The clipboard API exists in secure contexts only, and a gateway in a private network often has no TLS. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'visually-hidden';
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    return isCopied;
  }
}
