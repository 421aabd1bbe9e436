/** Language and theme of this browser, and what the gateway is. */
import { Paper, SegmentedControl, Skeleton, Stack, Text, Title, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { settingsQuery } from '../../api/settings.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Facts } from '../../components/facts.tsx';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '../../texts/languages.ts';
import { Origin, SettingValue } from './setting-value.tsx';

const SCHEMES = ['light', 'dark', 'auto'] as const;

export function General() {
  const { t } = useTranslation(['settings', 'shell']);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Stack maw={680}>
      <Paper component="section" p="md" bg="var(--surface)">
        <Stack gap="md">
          <Title order={2}>{t('general.browser')}</Title>
          <div>
            <Text size="sm" mb={4}>
              {t('shell:language')}
            </Text>
            <SegmentedControl
              aria-label={t('shell:language')}
              value={currentLanguage()}
              onChange={(language) => void chooseLanguage(language as Language)}
              data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
            />
          </div>
          <div>
            <Text size="sm" mb={4}>
              {t('shell:theme.label')}
            </Text>
            <SegmentedControl
              aria-label={t('shell:theme.label')}
              value={colorScheme}
              onChange={(scheme) => setColorScheme(scheme as (typeof SCHEMES)[number])}
              data={SCHEMES.map((value) => ({ value, label: t(`shell:theme.${value}`) }))}
            />
          </div>
        </Stack>
      </Paper>
      <Paper component="section" p="md" bg="var(--surface)">
        <Title order={2} mb="xs">
          {t('general.gateway')}
        </Title>
        <GatewayFacts />
      </Paper>
    </Stack>
  );
}

function GatewayFacts() {
  const { t } = useTranslation('settings');
  const { data, error, refetch } = useQuery(settingsQuery);
  if (error) return <ErrorNotice error={error} retry={refetch} />;
  if (!data) return <Skeleton height={120} />;
  const shown = (name: string) => {
    const setting = data.settings.find((each) => each.name === name);
    return (
      setting && (
        <>
          <SettingValue setting={setting} /> <Origin origin={setting.origin} />
        </>
      )
    );
  };
  const isGenerated = data.settings.find(({ name }) => name === 'DRAGOMAN_SECRET_KEY')?.value === null;
  return (
    <Facts
      facts={[
        { name: t('general.version'), value: data.version },
        { name: t('general.address'), value: <code>{location.origin}</code> },
        { name: t('general.database'), value: shown('DRAGOMAN_DATABASE_URL') },
        {
          name: t('general.secretKey'),
          value: isGenerated ? t('general.secretKeyGenerated') : shown('DRAGOMAN_SECRET_KEY'),
        },
        { name: t('general.home'), value: shown('DRAGOMAN_HOME') },
      ]}
    />
  );
}
