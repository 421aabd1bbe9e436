/** Every account: as cards to look at, or as a table to compare. */
import { Button, SegmentedControl, Skeleton } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Account, accountsQuery } from '../../api/accounts.ts';
import { type DataColumn, DataTable } from '../../components/data-table.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { formatCount, formatCredits } from '../../components/numbers.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { AccountCard } from './account-card.tsx';
import classes from './accounts.module.css';
import { AddDialogue, type AddWay } from './add/add-dialogue.tsx';
import { FirstRun } from './first-run.tsx';
import { AccountBadge } from './state.tsx';
import { Trash } from './trash.tsx';

export function AccountsPage() {
  const { t } = useTranslation('accounts');
  const { t: shell } = useTranslation('shell');
  const { data, error, refetch } = useQuery(accountsQuery);
  const accounts = data?.accounts;
  const [way, setWay] = useState<AddWay | undefined>();
  const [again, setAgain] = useState<Account | undefined>();
  const ready = accounts?.filter(({ state }) => state.status === 'ready').length ?? 0;
  const isEmpty = accounts?.length === 0;
  return (
    <>
      <PageHeader
        title={shell('pages.accounts')}
        lead={accounts && !isEmpty ? t('lead', { ready, count: accounts.length }) : undefined}
      >
        {accounts && !isEmpty && (
          <>
            <ViewSwitch />
            <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setWay('sign-in')}>
              {t('add')}
            </Button>
          </>
        )}
      </PageHeader>
      {error ? (
        <ErrorNotice error={error} retry={refetch} />
      ) : isEmpty ? (
        <FirstRun begin={setWay} />
      ) : (
        <AccountList
          accounts={accounts}
          signInAgain={(account) => {
            setAgain(account);
            setWay('sign-in');
          }}
        />
      )}
      <Trash discarded={data?.trash ?? []} />
      <AddDialogue
        way={way}
        account={again}
        setWay={(next) => {
          setWay(next);
          if (next === undefined) setAgain(undefined);
        }}
      />
      <Outlet />
    </>
  );
}

function ViewSwitch() {
  const { t } = useTranslation('accounts');
  const navigate = useNavigate();
  const { view = 'cards' } = useSearch({ from: '/accounts' });
  return (
    <SegmentedControl
      aria-label={t('view.label')}
      value={view}
      data={[
        { value: 'cards', label: t('view.cards') },
        { value: 'table', label: t('view.table') },
      ]}
      onChange={(next) =>
        navigate({ to: '.', search: (search) => ({ ...search, view: next === 'table' ? 'table' : undefined }) })
      }
    />
  );
}

interface AccountListProps {
  readonly accounts: readonly Account[] | undefined;
  readonly signInAgain: (account: Account) => void;
}

function AccountList({ accounts, signInAgain }: AccountListProps) {
  const { view } = useSearch({ from: '/accounts' });
  if (view === 'table') return <AccountTable accounts={accounts} />;
  return (
    <div className={classes.cards}>
      {accounts === undefined
        ? ['first', 'second', 'third'].map((key) => <Skeleton key={key} height={232} radius={8} />)
        : accounts.map((account) => <AccountCard key={account.id} account={account} signInAgain={signInAgain} />)}
    </div>
  );
}

function AccountTable({ accounts }: Pick<AccountListProps, 'accounts'>) {
  const { t } = useTranslation('accounts');
  const { t: shell } = useTranslation('shell');
  const navigate = useNavigate();
  const { accountId } = useParams({ strict: false });
  const planOf = ({ usage }: Account) =>
    usage?.used == null || usage.limit === null ? '–' : `${formatCredits(usage.used)} / ${formatCredits(usage.limit)}`;
  const columns: readonly DataColumn<Account>[] = [
    { id: 'name', header: t('columns.name'), width: 200, cell: ({ label }) => label },
    { id: 'state', header: t('columns.state'), width: 140, cell: ({ state }) => <AccountBadge state={state} /> },
    { id: 'kind', header: t('columns.kind'), width: 170, secondary: true, cell: ({ kind }) => t(`kinds.${kind}`) },
    { id: 'plan', header: t('columns.plan'), width: 160, align: 'right', secondary: true, cell: planOf },
    {
      id: 'success',
      header: t('columns.success'),
      width: 100,
      align: 'right',
      secondary: true,
      cell: ({ successes }) => formatCount(successes),
    },
    {
      id: 'failed',
      header: t('columns.failed'),
      width: 90,
      align: 'right',
      secondary: true,
      cell: ({ failures }) => formatCount(failures),
    },
    {
      id: 'priority',
      header: t('columns.priority'),
      width: 90,
      align: 'right',
      secondary: true,
      cell: ({ priority }) => priority,
    },
    {
      id: 'groups',
      header: t('columns.groups'),
      width: 120,
      secondary: true,
      cell: ({ groups }) => groups.join(', '),
      isEmpty: ({ groups }) => groups.length === 0,
    },
  ];
  return (
    <DataTable
      label={shell('pages.accounts')}
      name="accounts"
      columns={columns}
      rows={accounts}
      rowId={({ id }) => id}
      selectedId={accountId}
      open={({ id }) => navigate({ to: '/accounts/$accountId', params: { accountId: id } })}
      empty={null}
    />
  );
}
