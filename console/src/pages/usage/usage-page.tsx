/** What a client key may use and has used, for its user. It shows no other key. */
import { Button, Group, Paper, PasswordInput, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/error.ts';
import { clientUsageQuery } from '../../api/guest.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { KeyUsage } from './key-usage.tsx';

export function UsagePage() {
  const { t } = useTranslation('usage');
  const { t: shell } = useTranslation('shell');
  const [typed, setTyped] = useState('');
  // Without one, a gateway that needs no keys answers, and any other with 401, which is no reason for a message.
  const [key, setKey] = useState('');
  const { data, error, isFetching, refetch } = useQuery(clientUsageQuery(key));
  const isExpected = key === '' && error instanceof ApiError && error.status === 401;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() === key) void refetch();
    else setKey(typed.trim());
  };
  return (
    <>
      <PageHeader title={shell('pages.usage')} lead={t('lead')} />
      <Stack gap="lg">
        <Paper component="form" onSubmit={submit} p="md" maw={640}>
          <Group align="flex-end" gap="sm">
            <PasswordInput
              flex="1 1 260px"
              label={t('key')}
              description={t('keyHint')}
              placeholder="dg-…"
              value={typed}
              onChange={({ currentTarget }) => setTyped(currentTarget.value)}
              autoComplete="off"
            />
            <Button type="submit" loading={isFetching && key !== ''}>
              {t('show')}
            </Button>
          </Group>
        </Paper>
        {error && !isExpected && <ErrorNotice error={error} title={t('failed')} />}
        {data && (
          <section aria-label={data.key.name ?? data.key.id}>
            <Title order={2} mb="sm">
              {data.key.name ?? t(data.key.id === 'local' ? 'local' : 'unnamed')}
            </Title>
            <KeyUsage usage={data} />
          </section>
        )}
      </Stack>
    </>
  );
}
