/** Every model of the accounts, with what it takes and costs. */
import { Badge, Group, Select, Text, TextInput } from '@mantine/core';
import { IconCube, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/error.ts';
import { type Catalogue, type Model, modelsQuery } from '../../api/models.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { type DataColumn, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { LinkButton } from '../../components/link-button.tsx';
import { formatCount, formatTokens } from '../../components/numbers.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { parseModelsSearch } from './models-search.ts';

export function ModelsPage() {
  const { t } = useTranslation('models');
  const { t: shell } = useTranslation('shell');
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(modelsQuery);
  const [text, setText] = useState('');
  const navigate = useNavigate();
  const { account } = parseModelsSearch(useSearch({ strict: false }));
  const columns = useColumns(data);
  const fits = ({ id, name, accounts }: Model) =>
    `${id} ${name}`.toLowerCase().includes(text.trim().toLowerCase()) &&
    (account === undefined || accounts.includes(account));
  const choose = (id: string | null) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, account: id ?? undefined }), replace: true });
  const isWithoutAccount = error instanceof ApiError && error.code === 'no_account';
  return (
    <>
      <PageHeader title={shell('pages.models')} lead={t('lead')}>
        {data && data.models.length > 0 && (
          <>
            {data.accounts.length > 1 && (
              <Select
                aria-label={t('account')}
                placeholder={t('allAccounts')}
                data={data.accounts.map(({ id, label, models }) => ({
                  value: id,
                  label: models === null ? label : `${label} (${formatCount(models.length)})`,
                }))}
                value={account ?? null}
                onChange={choose}
                clearable
              />
            )}
            <TextInput
              aria-label={t('filter')}
              placeholder={t('filter')}
              leftSection={<IconSearch size={16} aria-hidden />}
              value={text}
              onChange={({ currentTarget }) => setText(currentTarget.value)}
            />
          </>
        )}
      </PageHeader>
      <Missing accounts={data?.accounts.filter(({ id }) => account === undefined || id === account) ?? []} />
      {isWithoutAccount || data?.models.length === 0 ? (
        <EmptyState icon={IconCube} title={t('empty')} text={t('emptyText')}>
          <LinkButton to="/accounts">{t('addAccount')}</LinkButton>
        </EmptyState>
      ) : error ? (
        <ErrorNotice error={error} retry={refetch} />
      ) : (
        <DataTable
          label={shell('pages.models')}
          name="models"
          columns={columns}
          rows={data?.models.filter(fits)}
          rowId={({ id }) => id}
          empty={<Text c="dimmed">{common('table.empty')}</Text>}
        />
      )}
    </>
  );
}

/** Accounts whose list is not known, each with the reason. */
function Missing({ accounts }: Pick<Catalogue, 'accounts'>) {
  const { t } = useTranslation('models');
  const missing = accounts.filter(({ models }) => models === null);
  if (missing.length === 0) return null;
  return (
    <div role="status">
      {missing.map(({ id, label, isPending, error }) => (
        <Text key={id} size="sm" c="dimmed" mb="xs" style={{ overflowWrap: 'anywhere' }}>
          {isPending ? t('pending', { label }) : t('missing', { label, reason: error?.message ?? '' })}
        </Text>
      ))}
    </div>
  );
}

function useColumns(catalogue: Catalogue | undefined): readonly DataColumn<Model>[] {
  const { t } = useTranslation('models');
  const defaultModelId = catalogue?.defaultModelId ?? null;
  const labels = new Map(catalogue?.accounts.map(({ id, label }) => [id, label]));
  const known = catalogue?.accounts.filter(({ models }) => models !== null).length ?? 0;
  return [
    {
      id: 'model',
      header: t('columns.model'),
      width: 230,
      cell: ({ id, description }) => (
        <Group gap={4} wrap="nowrap" title={description ?? undefined}>
          <Text component="code" size="sm" truncate>
            {id}
          </Text>
          {id === defaultModelId && (
            <Badge variant="default" size="sm" tt="none">
              {t('default')}
            </Badge>
          )}
          <CopyButton text={id} />
        </Group>
      ),
    },
    {
      id: 'window',
      header: t('columns.window'),
      width: 90,
      align: 'right',
      secondary: true,
      cell: ({ maxInputTokens }) => <Tokens value={maxInputTokens} />,
    },
    {
      id: 'output',
      header: t('columns.output'),
      width: 120,
      align: 'right',
      secondary: true,
      tertiary: true,
      cell: ({ maxOutputTokens }) => <Tokens value={maxOutputTokens} />,
    },
    {
      id: 'cost',
      header: t('columns.cost'),
      width: 70,
      align: 'right',
      secondary: true,
      cell: ({ rateMultiplier, rateUnit }) => (
        <span title={rateUnit ?? undefined}>
          {rateMultiplier === null ? '–' : t('costValue', { multiplier: rateMultiplier })}
        </span>
      ),
    },
    {
      id: 'images',
      header: t('columns.images'),
      width: 80,
      secondary: true,
      tertiary: true,
      cell: ({ takesImages }) => (takesImages ? t('yes') : '–'),
    },
    {
      id: 'reasoning',
      header: t('columns.reasoning'),
      width: 200,
      secondary: true,
      cell: ({ efforts, reasons }) => {
        const text = efforts.length > 0 ? efforts.join(', ') : reasons ? t('yes') : '–';
        return <span title={text}>{text}</span>;
      },
    },
    {
      id: 'caching',
      header: t('columns.caching'),
      width: 150,
      secondary: true,
      tertiary: true,
      isEmpty: ({ promptCaching }) => !promptCaching,
      cell: ({ promptCaching, minCachedTokens }) =>
        promptCaching
          ? minCachedTokens === null
            ? t('yes')
            : t('cacheFrom', { tokens: formatCount(minCachedTokens) })
          : '–',
    },
    {
      id: 'accounts',
      header: t('columns.accounts'),
      width: 110,
      secondary: true,
      isEmpty: () => known < 2,
      cell: ({ accounts }) => (
        <span title={accounts.map((id) => labels.get(id) ?? id).join(', ')}>
          {accounts.length === known ? t('everyAccount') : t('someAccounts', { count: accounts.length, known })}
        </span>
      ),
    },
    {
      id: 'fallbacks',
      header: t('columns.fallbacks'),
      width: 130,
      secondary: true,
      tertiary: true,
      isEmpty: ({ refusalFallbacks }) => refusalFallbacks.length === 0,
      cell: ({ refusalFallbacks }) => <span title={refusalFallbacks.join(', ')}>{refusalFallbacks.join(', ')}</span>,
    },
    {
      id: 'try',
      header: t('try'),
      width: 80,
      align: 'right',
      cell: ({ id }) => (
        <LinkButton
          to="/chat"
          search={{ model: id }}
          size="compact-sm"
          variant="default"
          aria-label={t('tryModel', { model: id })}
        >
          {t('try')}
        </LinkButton>
      ),
    },
  ];
}

function Tokens({ value }: { readonly value: number | null }) {
  return value === null ? <span>–</span> : <span title={formatCount(value)}>{formatTokens(value)}</span>;
}
