/** An address that leads to no page. */
import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { LinkButton } from '../components/link-button.tsx';
import { PageHeader } from '../components/page-header.tsx';

export function NotFoundPage() {
  const { t } = useTranslation('shell');
  return (
    <Stack gap="md">
      <PageHeader title={t('notFound.title')} />
      <Text>{t('notFound.text')}</Text>
      <div>
        <LinkButton to="/">{t('notFound.action')}</LinkButton>
      </div>
    </Stack>
  );
}
