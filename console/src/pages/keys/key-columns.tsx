/** The columns of the list of keys. */
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClientKey, KeyUse } from '../../api/client-keys.ts';
import type { DataColumn } from '../../components/data-table.tsx';
import { formatCount, formatCredits } from '../../components/numbers.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { FullestBudget } from './budget-bars.tsx';
import { KeyState } from './key-state.tsx';
import { useLimitTexts } from './limits.ts';

export function useKeyColumns(sums: ReadonlyMap<string, KeyUse>): readonly DataColumn<ClientKey>[] {
  const { t } = useTranslation('keys');
  const limitTexts = useLimitTexts();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the limits change with the language only, as `t` does
  return useMemo(
    () => [
      {
        id: 'name',
        header: t('columns.name'),
        width: 160,
        cell: ({ name }) => (
          <Text span inherit fw={550} title={name}>
            {name}
          </Text>
        ),
      },
      {
        id: 'owner',
        header: t('columns.owner'),
        width: 110,
        secondary: true,
        cell: ({ owner }) => owner,
        isEmpty: ({ owner }) => owner === null,
      },
      { id: 'state', header: t('columns.state'), width: 124, cell: ({ state }) => <KeyState state={state} /> },
      {
        id: 'key',
        header: t('columns.key'),
        width: 130,
        secondary: true,
        tertiary: true,
        cell: ({ prefix }) => <code>{prefix}…</code>,
      },
      {
        id: 'requests',
        header: t('columns.requests'),
        width: 100,
        align: 'right',
        secondary: true,
        tertiary: true,
        cell: ({ id }) => formatCount(sums.get(id)?.requests ?? 0),
        isEmpty: () => sums.size === 0,
      },
      {
        id: 'credits',
        header: t('columns.credits'),
        width: 84,
        align: 'right',
        secondary: true,
        cell: ({ id }) => formatCredits(sums.get(id)?.credits ?? 0),
        isEmpty: () => sums.size === 0,
      },
      {
        id: 'budget',
        header: t('columns.budget'),
        width: 130,
        secondary: true,
        cell: (key) => <FullestBudget clientKey={key} />,
        isEmpty: ({ budgets }) => budgets.length === 0,
      },
      {
        id: 'limits',
        header: t('columns.limits'),
        width: 160,
        secondary: true,
        tertiary: true,
        cell: (key) => {
          const text = limitTexts(key).join(' · ');
          return <span title={text}>{text}</span>;
        },
        isEmpty: (key) => limitTexts(key).length === 0,
      },
      {
        id: 'lastUsed',
        header: t('columns.lastUsed'),
        width: 116,
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
        width: 104,
        secondary: true,
        cell: ({ expiresAt }) => expiresAt && <TimeAgo time={expiresAt} />,
        isEmpty: ({ expiresAt }) => expiresAt === null,
      },
      {
        id: 'created',
        header: t('columns.created'),
        width: 110,
        secondary: true,
        optional: true,
        cell: ({ createdAt }) => <TimeAgo time={createdAt} />,
      },
    ],
    [t, sums],
  );
}
