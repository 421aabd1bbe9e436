/** Client keys: who may use the gateway, and how much. */
import { Button, Checkbox, Group, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconKey, IconPlus, IconSearch } from '@tabler/icons-react';
import { Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ClientKey, type KeyUse, useKeysWithUse } from '../../api/client-keys.ts';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { useTimeRange } from '../../shell/range.ts';
import { useKeyColumns } from './key-columns.tsx';
import { type KeysSearch, parseKeysSearch } from './keys-search.ts';
import { NewKey } from './new-key.tsx';

const NO_USE: ReadonlyMap<string, KeyUse> = new Map();

export function KeysPage() {
  const { t } = useTranslation(['keys', 'shell', 'common']);
  const { list: data, use, error, refetch } = useKeysWithUse(useTimeRange());
  const [isCreating, setIsCreating] = useState(false);
  const configured = data?.configured ?? 0;
  const create = (
    <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setIsCreating(true)}>
      {t('create')}
    </Button>
  );
  const isEmpty = data?.keys.length === 0;
  return (
    <>
      <PageHeader title={t('shell:pages.keys')} lead={t('lead')}>
        {!isEmpty && create}
      </PageHeader>
      {error && <ErrorNotice error={error} retry={refetch} />}
      {isEmpty ? (
        <EmptyState
          icon={IconKey}
          title={t('empty.title')}
          text={t(configured > 0 ? 'empty.configured' : 'empty.local')}
        >
          {create}
        </EmptyState>
      ) : (
        !error && <KeyTable keys={data?.keys} use={use} />
      )}
      {configured > 0 && (
        <Text size="sm" c="dimmed" mt="md">
          {t('configured', { count: configured })}
        </Text>
      )}
      {isCreating && <NewKey close={() => setIsCreating(false)} isFirst={isEmpty && configured === 0} />}
      <Outlet />
    </>
  );
}

interface KeyTableProps {
  readonly keys: readonly ClientKey[] | undefined;
  readonly use: ReadonlyMap<string, KeyUse> | undefined;
}

function KeyTable({ keys, use = NO_USE }: KeyTableProps) {
  const { t } = useTranslation(['keys', 'common']);
  const navigate = useNavigate();
  const { keyId } = useParams({ strict: false });
  const search = parseKeysSearch(useSearch({ strict: false }));
  const columns = useKeyColumns(use);
  const setSearch = (change: KeysSearch) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, ...change }), replace: true });
  return (
    <>
      <Filters search={search} setSearch={setSearch} />
      <DataTable
        label={t('list')}
        name="keys"
        columns={columns}
        rows={keys?.filter((key) => fits(key, search))}
        rowId={({ id }) => id}
        open={({ id }) => void navigate({ to: '/keys/$keyId', params: { keyId: id }, search: (previous) => previous })}
        selectedId={keyId}
        empty={
          <EmptyState icon={IconSearch} title={t('common:table.empty')}>
            <Button variant="default" onClick={() => setSearch({ q: undefined, revoked: undefined })}>
              {t('common:table.clearFilters')}
            </Button>
          </EmptyState>
        }
      />
    </>
  );
}

interface FiltersProps {
  readonly search: KeysSearch;
  readonly setSearch: (change: KeysSearch) => void;
}

const TYPING_MS = 150;

function Filters({ search, setSearch }: FiltersProps) {
  const { t } = useTranslation('keys');
  const setText = useDebouncedCallback((q: string) => setSearch({ q: q || undefined }), TYPING_MS);
  return (
    <Group gap="md" mb="sm">
      <TextInput
        aria-label={t('find')}
        placeholder={t('find')}
        leftSection={<IconSearch size={16} aria-hidden />}
        defaultValue={search.q ?? ''}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        style={{ flex: '1 1 240px', maxWidth: 420 }}
        type="search"
      />
      <Checkbox
        label={t('withRevoked')}
        checked={search.revoked === true}
        onChange={({ currentTarget }) => setSearch({ revoked: currentTarget.checked || undefined })}
      />
    </Group>
  );
}

/** The gateway returns every key, so this covers all of them. */
function fits({ name, owner, prefix, state }: ClientKey, { q = '', revoked }: KeysSearch): boolean {
  if (state === 'revoked' && !revoked) return false;
  const text = q.trim().toLowerCase();
  return [name, owner, prefix].some((value) => value?.toLowerCase().includes(text));
}
