/** What one setting means and accepts, and a field that changes it if that is possible while the gateway runs. */
import { Button, Group, Modal, NumberInput, Stack, Switch, TagsInput, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeSetting, type Setting } from '../../api/settings.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Facts } from '../../components/facts.tsx';
import { announceUndoable } from '../../components/undo.tsx';
import { useSettingTexts } from './setting-texts.ts';
import { Origin, SettingValue } from './setting-value.tsx';

interface SettingDialogueProps {
  readonly setting: Setting;
  readonly close: () => void;
}

export function SettingDialogue({ setting, close }: SettingDialogueProps) {
  const { t } = useTranslation(['settings', 'common']);
  const { name, origin, changeable } = setting;
  const { meaning, accepts } = useSettingTexts()(setting);
  return (
    <Modal
      opened
      onClose={close}
      title={<code>{name}</code>}
      closeButtonProps={{ 'aria-label': t('common:actions.close') }}
    >
      <Stack gap="md">
        <Text size="sm">{meaning}</Text>
        <Facts
          facts={[
            { name: t('columns.value'), value: <SettingValue setting={setting} /> },
            { name: t('columns.origin'), value: <Origin origin={origin} /> },
            { name: t('columns.accepts'), value: accepts },
          ]}
        />
        {changeable ? (
          <SettingForm setting={setting} close={close} />
        ) : (
          <Text size="sm" c="dimmed">
            {t('changeable.how', { name })}
          </Text>
        )}
      </Stack>
    </Modal>
  );
}

function SettingForm({ setting, close }: SettingDialogueProps) {
  const { t } = useTranslation(['settings', 'common']);
  const { name, origin } = setting;
  const isChanged = origin === 'admin API';
  const [value, setValue] = useState<Setting['value']>(setting.value);
  const [error, setError] = useState<Error | undefined>();
  const [isSaving, setIsSaving] = useState(false);
  const save = async (next: Setting['value']) => {
    setIsSaving(true);
    setError(undefined);
    try {
      await changeSetting(name, next);
      announceUndoable(t('changed', { name }), () => changeSetting(name, isChanged ? setting.value : null));
      close();
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
      setIsSaving(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save(value);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <ValueField value={value} setValue={setValue} />
        {error && <ErrorNotice error={error} />}
        <Group justify="flex-end">
          {isChanged && (
            <Button variant="default" onClick={() => void save(null)} disabled={isSaving}>
              {t('reset')}
            </Button>
          )}
          <Button type="submit" loading={isSaving}>
            {t('common:actions.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ValueFieldProps {
  readonly value: Setting['value'];
  readonly setValue: (value: Setting['value']) => void;
}

function ValueField({ value, setValue }: ValueFieldProps) {
  const { t } = useTranslation('settings');
  const label = t('newValue');
  if (typeof value === 'boolean')
    return <Switch label={label} checked={value} onChange={({ currentTarget }) => setValue(currentTarget.checked)} />;
  if (typeof value === 'number')
    return (
      <NumberInput
        label={label}
        value={value}
        onChange={(next) => setValue(Number(next))}
        data-autofocus
        hideControls
      />
    );
  if (Array.isArray(value))
    return <TagsInput label={label} value={[...value]} onChange={setValue} data-autofocus acceptValueOnBlur />;
  return (
    <TextInput
      label={label}
      value={value ?? ''}
      onChange={({ currentTarget }) => setValue(currentTarget.value)}
      data-autofocus
    />
  );
}
