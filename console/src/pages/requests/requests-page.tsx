/** Every request of a client: a live list, newest first. */
import { Button } from '@mantine/core';
import { IconListDetails, IconSearch } from '@tabler/icons-react';
import { Link, Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { ExportMenu } from '../../components/export-menu.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { timesOf, useTimeRange } from '../../shell/range.ts';
import { Filters } from './filters.tsx';
import { useRequestColumns } from './request-columns.tsx';
import { countFilters, FILTERS, parseRequestsSearch, type RequestsSearch, toRequestFilter } from './requests-search.ts';
import { useRequests } from './use-requests.ts';

export function RequestsPage() {
  const { t } = useTranslation(['requests', 'shell']);
  const navigate = useNavigate();
  const { requestId } = useParams({ strict: false });
  const search = parseRequestsSearch(useSearch({ strict: false }));
  const range = useTimeRange();
  const { rows, error, refetch, loadMore } = useRequests(search, range);
  const columns = useRequestColumns();
  const setSearch = (change: RequestsSearch) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, ...change }), replace: true });
  return (
    <>
      <PageHeader title={t('shell:pages.requests')} />
      <Filters search={search} setSearch={setSearch}>
        <ExportMenu query={{ by: 'request', ...toRequestFilter(search), ...timesOf(range) }} />
      </Filters>
      {error && rows === undefined ? (
        <ErrorNotice error={error} retry={refetch} />
      ) : (
        <DataTable
          label={t('list')}
          name="requests"
          columns={columns}
          rows={rows}
          rowId={({ id }) => id}
          open={({ id }) =>
            void navigate({
              to: '/requests/$requestId',
              params: { requestId: id },
              search: (previous) => previous,
            })
          }
          selectedId={requestId}
          loadMore={loadMore}
          empty={<Empty isFiltered={countFilters(search) > 0} clear={() => setSearch(NO_FILTERS)} />}
        />
      )}
      <Outlet />
    </>
  );
}

const NO_FILTERS: RequestsSearch = Object.fromEntries(FILTERS.map((name) => [name, undefined]));

function Empty({ isFiltered, clear }: { readonly isFiltered: boolean; readonly clear: () => void }) {
  const { t } = useTranslation(['requests', 'common']);
  if (isFiltered)
    return (
      <EmptyState icon={IconSearch} title={t('common:table.empty')}>
        <Button variant="default" onClick={clear}>
          {t('common:table.clearFilters')}
        </Button>
      </EmptyState>
    );
  return (
    <EmptyState icon={IconListDetails} title={t('empty.title')} text={t('empty.text')}>
      <Button component={Link} to="/connect">
        {t('empty.action')}
      </Button>
    </EmptyState>
  );
}
