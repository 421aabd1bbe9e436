/** Every model of the accounts, with what it takes and costs. */
import { Badge, Group, Text, TextInput } from '@mantine/core';
import { IconCube, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/error.ts';
import { type Model, modelsQuery } from '../../api/models.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { type DataColumn, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { LinkButton } from '../../components/link-button.tsx';
import { formatCount, formatTokens } from '../../components/numbers.ts';
import { PageHeader } from '../../components/page-header.tsx';

export function ModelsPage() {
  const { t } = useTranslation('models');
  const { t: shell } = useTranslation('shell');
  const { t: common } = useTranslation();
  const { data, error, refetch } = useQuery(modelsQuery);
  const [text, setText] = useState('');
  const columns = useColumns(data?.defaultModelId ?? null);
  const fits = ({ id, name }: Model) => `${id} ${name}`.toLowerCase().includes(text.trim().toLowerCase());
  const isWithoutAccount = error instanceof ApiError && error.code === 'no_account';
  return (
    <>
      <PageHeader title={shell('pages.models')} lead={t('lead')}>
        {data && data.models.length > 0 && (
          <TextInput
            aria-label={t('filter')}
            placeholder={t('filter')}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
        )}
      </PageHeader>
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

function useColumns(defaultModelId: string | null): readonly DataColumn<Model>[] {
  const { t } = useTranslation('models');
  return [
    {
      id: 'model',
      header: t('columns.model'),
      width: 250,
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
      cell: ({ takesImages }) => (takesImages ? t('yes') : '–'),
    },
    {
      id: 'reasoning',
      header: t('columns.reasoning'),
      width: 170,
      secondary: true,
      cell: ({ efforts, reasons }) => {
        const text = efforts.length > 0 ? efforts.join(', ') : reasons ? t('yes') : '–';
        return <span title={text}>{text}</span>;
      },
    },
    {
      id: 'caching',
      header: t('columns.caching'),
      width: 165,
      secondary: true,
      isEmpty: ({ promptCaching }) => !promptCaching,
      cell: ({ promptCaching, minCachedTokens }) =>
        promptCaching
          ? minCachedTokens === null
            ? t('yes')
            : t('cacheFrom', { tokens: formatCount(minCachedTokens) })
          : '–',
    },
    {
      id: 'fallbacks',
      header: t('columns.fallbacks'),
      width: 130,
      secondary: true,
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
