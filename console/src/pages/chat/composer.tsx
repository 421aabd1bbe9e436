/** Where a message is written, with images. */
import { ActionIcon, Button, FileButton, Group, Pill, Textarea, Tooltip } from '@mantine/core';
import { IconPhoto, IconPlayerStop, IconSend2 } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { announce } from '../../components/undo.tsx';
import classes from './chat.module.css';
import type { Part } from './conversation.ts';

interface ComposerProps {
  readonly initial: string;
  readonly isAnswering: boolean;
  readonly isDisabled: boolean;
  readonly ask: (parts: readonly Part[]) => void;
  readonly stop: () => void;
}

type Image = Extract<Part, { type: 'image' }>;

/** The service takes no larger ones unscaled. */
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;

export function Composer({ initial, isAnswering, isDisabled, ask, stop }: ComposerProps) {
  const { t } = useTranslation('chat');
  const [text, setText] = useState(initial);
  const [images, setImages] = useState<readonly Image[]>([]);
  const submit = () => {
    if (isAnswering || isDisabled || (text.trim() === '' && images.length === 0)) return;
    ask([...images, ...(text.trim() === '' ? [] : [{ type: 'text', text: text.trim() } as const])]);
    setText('');
    setImages([]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  const attach = async (files: File[]) => {
    for (const file of files) {
      if (file.size > MAX_IMAGE_BYTES) announce(t('tooLarge', { name: file.name }));
      else {
        const image = await readImage(file);
        setImages((shown) => [...shown, image]);
      }
    }
  };
  return (
    <div className={classes.composer}>
      {images.length > 0 && (
        <Group gap={6} mb={6}>
          {images.map((image) => (
            <Pill
              key={image.name}
              withRemoveButton
              onRemove={() => setImages(images.filter((other) => other !== image))}
              removeButtonProps={{ 'aria-label': t('removeImage', { name: image.name }), tabIndex: 0 }}
            >
              {image.name}
            </Pill>
          ))}
        </Group>
      )}
      <Group gap="xs" wrap="nowrap" align="flex-end">
        <FileButton accept="image/png,image/jpeg,image/gif,image/webp" multiple onChange={attach}>
          {(props) => (
            <Tooltip label={t('attach')}>
              <ActionIcon {...props} variant="default" size={36} aria-label={t('attach')}>
                <IconPhoto size={18} />
              </ActionIcon>
            </Tooltip>
          )}
        </FileButton>
        <Textarea
          aria-label={t('prompt')}
          placeholder={t('promptHint')}
          className={classes.prompt}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={onKeyDown}
          autosize
          minRows={1}
          maxRows={8}
          autoFocus
        />
        {isAnswering ? (
          <Button variant="default" onClick={stop} leftSection={<IconPlayerStop size={16} aria-hidden />}>
            {t('stop')}
          </Button>
        ) : (
          <Button onClick={submit} disabled={isDisabled} leftSection={<IconSend2 size={16} aria-hidden />}>
            {t('send')}
          </Button>
        )}
      </Group>
    </div>
  );
}

async function readImage(file: File): Promise<Image> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  for (let start = 0; start < bytes.length; start += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return { type: 'image', name: file.name, mediaType: file.type, base64: btoa(binary) };
}
