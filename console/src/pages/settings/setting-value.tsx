/** The value of a setting, and where it comes from. */
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Setting } from '../../api/settings.ts';

export function SettingValue({ setting: { value } }: { readonly setting: Setting }) {
  const { t } = useTranslation('settings');
  const text = settingText(value);
  if (text === '')
    return (
      <Text span inherit c="dimmed">
        {t('value.unset')}
      </Text>
    );
  if (typeof value === 'boolean') return <>{t(value ? 'value.yes' : 'value.no')}</>;
  return <code title={text}>{text}</code>;
}

export function settingText(value: Setting['value']): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

const SOURCES: Readonly<Record<string, 'flag' | 'environment' | 'file' | undefined>> = {
  flag: 'flag',
  environment: 'environment',
  '.env': 'file',
};

/** `default` and `admin API` are words of the gateway; everything else is a flag, a variable or a file. */
export function Origin({ origin }: Pick<Setting, 'origin'>) {
  const { t } = useTranslation('settings');
  const [, kind = '', name = ''] = /^(flag|environment|\.env) (\S+)$/.exec(origin) ?? [];
  const source = SOURCES[kind];
  const text =
    origin === 'default'
      ? t('origin.default')
      : origin === 'admin API'
        ? t('origin.changed')
        : source === undefined
          ? t('origin.from', { origin })
          : t(`origin.${source}`, { name });
  return (
    <Text span inherit c="dimmed" display="inline-block" title={text}>
      {text}
    </Text>
  );
}
