/** The columns of the list of keys. */
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClientKey } from '../../api/client-keys.ts';
import type { DataColumn } from '../../components/data-table.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { KeyState } from './key-state.tsx';
import { useLimitTexts } from './limits.ts';

export function useKeyColumns(): readonly DataColumn<ClientKey>[] {
  const { t } = useTranslation('keys');
  const limitTexts = useLimitTexts();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the limits change with the language only, as `t` does
  return useMemo(
    () => [
      {
        id: 'name',
        header: t('columns.name'),
        width: 170,
        cell: ({ name }) => (
          <Text span inherit fw={550} title={name}>
            {name}
          </Text>
        ),
      },
      {
        id: 'owner',
        header: t('columns.owner'),
        width: 120,
        secondary: true,
        cell: ({ owner }) => owner,
        isEmpty: ({ owner }) => owner === null,
      },
      { id: 'state', header: t('columns.state'), width: 124, cell: ({ state }) => <KeyState state={state} /> },
      {
        id: 'key',
        header: t('columns.key'),
        width: 145,
        secondary: true,
        cell: ({ prefix }) => <code>{prefix}…</code>,
      },
      {
        id: 'limits',
        header: t('columns.limits'),
        width: 200,
        secondary: true,
        cell: (key) => {
          const text = limitTexts(key).join(' · ');
          return <span title={text}>{text}</span>;
        },
        isEmpty: (key) => limitTexts(key).length === 0,
      },
      {
        id: 'lastUsed',
        header: t('columns.lastUsed'),
        width: 120,
        cell: ({ lastUsedAt }) =>
          lastUsedAt ? (
            <TimeAgo time={lastUsedAt} />
          ) : (
            <Text span inherit c="dimmed">
              {t('unused')}
            </Text>
          ),
      },
      {
        id: 'expires',
        header: t('columns.expires'),
        width: 110,
        secondary: true,
        cell: ({ expiresAt }) => expiresAt && <TimeAgo time={expiresAt} />,
        isEmpty: ({ expiresAt }) => expiresAt === null,
      },
      {
        id: 'created',
        header: t('columns.created'),
        width: 110,
        secondary: true,
        cell: ({ createdAt }) => <TimeAgo time={createdAt} />,
      },
    ],
    [t],
  );
}
