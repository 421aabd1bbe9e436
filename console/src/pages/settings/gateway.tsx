/** Every setting in effect with its origin. Those that can change while the gateway runs are changed here. */
import { Button, Checkbox, Group, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Setting, settingsQuery } from '../../api/settings.ts';
import { type DataColumn, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { SettingDialogue } from './setting-dialogue.tsx';
import { useSettingTexts } from './setting-texts.ts';
import { Origin, SettingValue, settingText } from './setting-value.tsx';

export function Gateway() {
  const { t } = useTranslation(['settings', 'common']);
  const { data, error, refetch } = useQuery(settingsQuery);
  const [text, setText] = useState('');
  const [onlySet, setOnlySet] = useState(false);
  const [open, setOpen] = useState<string | undefined>();
  const columns = useColumns();
  const textsOf = useSettingTexts();
  if (error) return <ErrorNotice error={error} retry={refetch} />;
  const rows = data?.settings.filter((setting) => fits({ ...setting, ...textsOf(setting) }, text, onlySet));
  const setting = data?.settings.find(({ name }) => name === open);
  return (
    <>
      <Text c="dimmed" size="sm" mb="sm">
        {t('gateway.lead')}
      </Text>
      <Group gap="md" mb="sm">
        <TextInput
          type="search"
          aria-label={t('gateway.find')}
          placeholder={t('gateway.find')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          style={{ flex: '1 1 240px', maxWidth: 420 }}
        />
        <Checkbox
          label={t('gateway.onlySet')}
          checked={onlySet}
          onChange={({ currentTarget }) => setOnlySet(currentTarget.checked)}
        />
      </Group>
      <DataTable
        label={t('tabs.gateway')}
        name="settings"
        columns={columns}
        rows={rows}
        rowId={({ name }) => name}
        open={({ name }) => setOpen(name)}
        selectedId={open}
        empty={
          <EmptyState icon={IconSearch} title={t('common:table.empty')}>
            <Button
              variant="default"
              onClick={() => {
                setText('');
                setOnlySet(false);
              }}
            >
              {t('common:table.clearFilters')}
            </Button>
          </EmptyState>
        }
      />
      {setting && <SettingDialogue setting={setting} close={() => setOpen(undefined)} />}
    </>
  );
}

/** The gateway returns every setting, so this covers all of them. */
function fits({ name, value, meaning, origin }: Setting, text: string, onlySet: boolean): boolean {
  if (onlySet && origin === 'default') return false;
  const wanted = text.trim().toLowerCase();
  return [name, settingText(value), meaning].some((part) => part.toLowerCase().includes(wanted));
}

function useColumns(): readonly DataColumn<Setting>[] {
  const { t } = useTranslation('settings');
  return useMemo(
    () => [
      { id: 'name', header: t('columns.name'), width: 320, cell: ({ name }) => <code title={name}>{name}</code> },
      { id: 'value', header: t('columns.value'), width: 300, cell: (setting) => <SettingValue setting={setting} /> },
      {
        id: 'origin',
        header: t('columns.origin'),
        width: 260,
        secondary: true,
        cell: ({ origin }) => <Origin origin={origin} />,
      },
      {
        id: 'changeable',
        header: t('columns.changeable'),
        width: 160,
        secondary: true,
        cell: ({ changeable }) => (changeable ? t('changeable.yes') : t('changeable.no')),
      },
    ],
    [t],
  );
}
