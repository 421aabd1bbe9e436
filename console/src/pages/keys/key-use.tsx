/** What a key has used over the time range of the page. */
import { Alert, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { historyQuery, spanOf } from '../../api/history.ts';
import { Chart } from '../../components/chart.tsx';
import { formatCount, formatCredits, formatTokens } from '../../components/numbers.ts';
import { useTimeRange } from '../../shell/range.ts';
import { toPoints } from '../overview/points.ts';

const FIGURES = { requests: formatCount, tokens: formatTokens, credits: formatCredits } as const;

type Figure = keyof typeof FIGURES;

export function KeyUse({ id }: { readonly id: string }) {
  const { t } = useTranslation('keys');
  const range = useTimeRange();
  const [figure, setFigure] = useState<Figure>('requests');
  const { data, error } = useQuery(historyQuery(range, { key: id }));
  // Without a ledger there is no use to show.
  if (error) return <Alert color="gray">{error.message}</Alert>;
  const name = t(`panel.useOf.${figure}`);
  return (
    <Chart
      title={t('panel.use')}
      points={data && toPoints({ buckets: [...data], span: spanOf(range) }, figure, range, name)}
      format={(value) => FIGURES[figure](value)}
      height={180}
    >
      <Select
        size="xs"
        w={120}
        aria-label={t('panel.useBy')}
        data={Object.keys(FIGURES).map((value) => ({ value, label: t(`panel.useOf.${value as Figure}`) }))}
        value={figure}
        onChange={(value) => setFigure((value ?? 'requests') as Figure)}
        allowDeselect={false}
      />
    </Chart>
  );
}
