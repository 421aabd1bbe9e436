/** Who changed what, and when. Secrets are never part of it. */
import { Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type AuditEntry, auditQuery } from '../../api/audit.ts';
import { type DataColumn, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Facts } from '../../components/facts.tsx';
import { formatTime } from '../../components/numbers.ts';
import { SidePanel } from '../../components/side-panel.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import classes from '../requests/adjustments.module.css';

export function Audit() {
  const { t } = useTranslation('settings');
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(auditQuery);
  const rows = useMemo(() => data?.pages.flatMap(({ entries }) => entries), [data]);
  const [openId, setOpenId] = useState<string | undefined>();
  const columns = useColumns();
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  if (error && !rows) return <ErrorNotice error={error} retry={refetch} />;
  const entry = rows?.find(({ id }) => id === openId);
  return (
    <>
      <DataTable
        label={t('tabs.audit')}
        name="audit"
        columns={columns}
        rows={rows}
        rowId={({ id }) => id}
        open={({ id }) => setOpenId(id)}
        selectedId={openId}
        loadMore={hasNextPage ? loadMore : undefined}
        empty={<EmptyState icon={IconHistory} title={t('audit.empty')} text={t('audit.emptyText')} />}
      />
      {entry && <EntryPanel entry={entry} close={() => setOpenId(undefined)} />}
    </>
  );
}

function useActorText(): (actor: AuditEntry['actor']) => string {
  const { t } = useTranslation('settings');
  return ({ type, signedInBy, address, user, machine }) => {
    if (type === 'command') return [t('audit.by.command'), [user, machine].filter(Boolean).join('@')].join(' · ');
    const how = type === 'token' ? t('audit.by.token') : t(`audit.by.${signedInBy ?? 'session'}`);
    return [how, address].filter((part) => part !== null).join(' · ');
  };
}

/** The action in words, if the console knows it. */
function useActionText(): (action: string) => string {
  const { t, i18n } = useTranslation('settings');
  return (action) => {
    const name = action.replace('.', '_');
    return i18n.exists(`audit.action.${name}`, { ns: 'settings' })
      ? t(`audit.action.${name}` as 'audit.action.key_create')
      : action;
  };
}

function useColumns(): readonly DataColumn<AuditEntry>[] {
  const { t } = useTranslation('settings');
  const actorText = useActorText();
  const actionText = useActionText();
  // biome-ignore lint/correctness/useExhaustiveDependencies: both functions change with the language only, as `t` does
  return useMemo(
    () => [
      { id: 'at', header: t('audit.at'), width: 120, cell: ({ at }) => <TimeAgo time={at} /> },
      { id: 'action', header: t('audit.what'), width: 220, cell: ({ action }) => actionText(action) },
      {
        id: 'target',
        header: t('audit.target'),
        width: 220,
        cell: ({ target }) => target && <code title={target}>{target}</code>,
      },
      {
        id: 'changes',
        header: t('audit.changes'),
        width: 260,
        secondary: true,
        cell: ({ changes }) => changes.map(({ field }) => field).join(', '),
      },
      {
        id: 'actor',
        header: t('audit.who'),
        width: 240,
        secondary: true,
        cell: ({ actor }) => <span title={actorText(actor)}>{actorText(actor)}</span>,
      },
    ],
    [t],
  );
}

function EntryPanel({ entry, close }: { readonly entry: AuditEntry; readonly close: () => void }) {
  const { t } = useTranslation('settings');
  const actorText = useActorText();
  const actionText = useActionText();
  return (
    <SidePanel title={actionText(entry.action)} close={close}>
      <Facts
        facts={[
          { name: t('audit.at'), value: formatTime(entry.at) },
          { name: t('audit.who'), value: actorText(entry.actor) },
          { name: t('audit.target'), value: entry.target && <code>{entry.target}</code> },
          { name: t('audit.kind'), value: <code>{entry.action}</code> },
        ]}
      />
      {entry.changes.length === 0 ? (
        <Text size="sm" c="dimmed" mt="md">
          {t('audit.noChanges')}
        </Text>
      ) : (
        <ul className={classes.list} style={{ marginTop: 16 }}>
          {entry.changes.map(({ field, before, after }) => (
            <li key={field}>
              <div className={classes.rule}>
                <code>{field}</code>
              </div>
              {isShown(before) && <del className={classes.before}>{toText(before)}</del>}
              {isShown(after) && <ins className={classes.after}>{toText(after)}</ins>}
            </li>
          ))}
        </ul>
      )}
    </SidePanel>
  );
}

function isShown(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
