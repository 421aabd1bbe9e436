/** Chooses the time range: a named one, or two moments. */
import { Button, Menu, Modal, Stack, TextInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toLocalInput } from '../components/local-input.ts';
import { DEFAULT_RANGE, parseRange, RANGE_MS, type RangeName, toTimeRange, useSetRange } from './range.ts';
import classes from './shell.module.css';

export function RangeMenu() {
  const { t } = useTranslation('shell');
  const { range = DEFAULT_RANGE } = parseRange(useSearch({ strict: false }));
  const setRange = useSetRange();
  const [isCustom, setIsCustom] = useState(false);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="default"
            size="xs"
            rightSection={<IconChevronDown size={14} aria-hidden />}
            aria-label={`${t('range.label')}: ${t(`range.${range}`)}`}
          >
            <span className={classes.rangeWord}>{t(`range.${range}`)}</span>
            <span className={classes.rangeShort} aria-hidden>
              {t(`rangeShort.${range}`)}
            </span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.RadioGroup value={range} onChange={(name) => setRange({ range: name as RangeName })}>
            {Object.keys(RANGE_MS).map((name) => (
              <Menu.RadioItem key={name} value={name}>
                {t(`range.${name as RangeName}`)}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item onClick={() => setIsCustom(true)}>{t('range.custom')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isCustom} onClose={() => setIsCustom(false)} title={t('range.label')} size="sm">
        <CustomRange done={() => setIsCustom(false)} />
      </Modal>
    </>
  );
}

function CustomRange({ done }: { readonly done: () => void }) {
  const { t } = useTranslation('shell');
  const setRange = useSetRange();
  const shown = toTimeRange(parseRange(useSearch({ strict: false })), Date.now());
  const [from, setFrom] = useState(toLocalInput(shown.fromMs));
  const [to, setTo] = useState(toLocalInput(shown.toMs));
  const isValid = Date.parse(from) < Date.parse(to);
  const apply = () => {
    setRange({ range: 'custom', from: new Date(from).toISOString(), to: new Date(to).toISOString() });
    done();
  };
  return (
    <Stack>
      <TextInput
        type="datetime-local"
        label={t('range.from')}
        value={from}
        onChange={({ currentTarget }) => setFrom(currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label={t('range.to')}
        value={to}
        onChange={({ currentTarget }) => setTo(currentTarget.value)}
        error={!isValid && t('range.invalid')}
      />
      <Button onClick={apply} disabled={!isValid}>
        {t('range.apply')}
      </Button>
    </Stack>
  );
}
