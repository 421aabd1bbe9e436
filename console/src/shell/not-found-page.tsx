/** An address that leads to no page. */
import { Button, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../components/page-header.tsx';

export function NotFoundPage() {
  const { t } = useTranslation('shell');
  return (
    <Stack gap="md">
      <PageHeader title={t('notFound.title')} />
      <Text>{t('notFound.text')}</Text>
      <div>
        <Button component={Link} to="/">
          {t('notFound.action')}
        </Button>
      </div>
    </Stack>
  );
}
