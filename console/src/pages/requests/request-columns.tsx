/** The columns of the list of requests. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { LedgerRequest } from '../../api/requests.ts';
import type { DataColumn } from '../../components/data-table.tsx';
import { formatCount, formatCredits, formatDuration, formatTokens } from '../../components/numbers.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { modelText, PROTOCOLS } from './names.ts';
import { Outcome } from './outcome.tsx';

export function useRequestColumns(): readonly DataColumn<LedgerRequest>[] {
  const { t } = useTranslation('requests');
  return useMemo(() => {
    const column = (
      id: keyof typeof TEXTS & string,
      width: number,
      text: (row: LedgerRequest) => string | undefined,
    ): DataColumn<LedgerRequest> => ({
      id,
      header: t(`columns.${id}`),
      width,
      secondary: true,
      cell: (row) => <span title={text(row)}>{text(row)}</span>,
      isEmpty: (row) => text(row) === undefined,
    });
    return [
      { id: 'time', header: t('columns.time'), width: 108, cell: ({ time }) => <TimeAgo time={time} /> },
      { id: 'outcome', header: t('columns.outcome'), width: 152, cell: (row) => <Outcome {...row} /> },
      {
        id: 'model',
        header: t('columns.model'),
        width: 186,
        cell: (row) => {
          const text = modelText(row.model, row.answeredModel) ?? `${row.method} ${row.route ?? ''}`;
          return <span title={text}>{text}</span>;
        },
      },
      { ...column('client', 130, TEXTS.client), tertiary: true },
      column('key', 120, TEXTS.key),
      column('account', 116, TEXTS.account),
      { ...column('protocol', 140, TEXTS.protocol), optional: true },
      {
        id: 'tokens',
        header: t('columns.tokens'),
        width: 110,
        align: 'right',
        secondary: true,
        tertiary: true,
        cell: ({ usage }) => usage && <Tokens usage={usage} />,
        isEmpty: ({ usage }) => !usage?.inputTokens && !usage?.outputTokens,
      },
      {
        id: 'credits',
        header: t('columns.credits'),
        width: 80,
        align: 'right',
        secondary: true,
        tertiary: true,
        cell: ({ usage }) => usage?.credits && formatCredits(usage.credits.value),
        isEmpty: ({ usage }) => !usage?.credits,
      },
      {
        id: 'duration',
        header: t('columns.duration'),
        width: 90,
        align: 'right',
        secondary: true,
        cell: ({ durationMs }) => formatDuration(durationMs),
      },
    ];
  }, [t]);
}

const TEXTS = {
  client: ({ client, clientVersion }: LedgerRequest) =>
    client === 'unknown' ? undefined : [client, clientVersion].filter((part) => part !== null).join(' '),
  key: ({ key, keyName }: LedgerRequest) => keyName ?? key ?? undefined,
  account: ({ account, accountLabel }: LedgerRequest) => accountLabel ?? account ?? undefined,
  protocol: ({ protocol }: LedgerRequest) => (protocol === null ? undefined : (PROTOCOLS[protocol] ?? protocol)),
};

function Tokens({ usage }: { readonly usage: NonNullable<LedgerRequest['usage']> }) {
  const { t } = useTranslation('requests');
  const input = usage.inputTokens?.value ?? 0;
  const output = usage.outputTokens?.value ?? 0;
  return (
    <span title={t('tokens.exact', { input: formatCount(input), output: formatCount(output) })}>
      {formatTokens(input)} / {formatTokens(output)}
    </span>
  );
}
