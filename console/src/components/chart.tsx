/** A chart over time, or the same figures as a table. What draws it is loaded with the first chart. */
import { ActionIcon, Center, Group, Paper, Skeleton, Table, Text, Title, Tooltip } from '@mantine/core';
import { IconChartAreaLine, IconTable } from '@tabler/icons-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatTime } from './numbers.ts';
import { type ChartPoint, largestSeries } from './series.ts';

const ChartDrawing = lazy(() => import('./chart-drawing.tsx'));

interface ChartProps {
  readonly title: string;
  /** Undefined while they are loaded. */
  readonly points: readonly ChartPoint[] | undefined;
  readonly format: (value: number) => string;
  readonly kind?: 'area' | 'bar';
  /** In the reader's language: the name of a series. */
  readonly nameOf?: (series: string) => string;
  /** Beside the title: how the series are grouped, say. */
  readonly children?: ReactNode;
  /** Pixels. */
  readonly height?: number;
}

export function Chart({
  title,
  points,
  format,
  kind = 'area',
  nameOf = (name) => name,
  children,
  height = 240,
}: ChartProps) {
  const { t } = useTranslation();
  const [asTable, setAsTable] = useState(false);
  const named = points?.map(({ timeMs, values }) => ({
    timeMs,
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [nameOf(name), value])),
  }));
  const data = named && largestSeries(named, t('chart.other'));
  const isEmpty = data?.points.every(({ values }) => Object.values(values).every((value) => value === 0)) === true;
  const Icon = asTable ? IconChartAreaLine : IconTable;
  return (
    <Paper component="section" p="md" aria-label={title} bg="var(--surface)">
      <Group justify="space-between" mb="sm" gap="xs">
        <Title order={2}>{title}</Title>
        <Group gap="xs">
          {children}
          {!isEmpty && (
            <Tooltip label={asTable ? t('chart.asChart') : t('chart.asTable')}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={asTable ? t('chart.asChart') : t('chart.asTable')}
                onClick={() => setAsTable(!asTable)}
              >
                <Icon size={17} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </Group>
      {data === undefined ? (
        <Skeleton height={height} />
      ) : isEmpty ? (
        <Center h={height}>
          <Text size="sm" c="dimmed">
            {t('chart.empty')}
          </Text>
        </Center>
      ) : asTable ? (
        <ChartTable {...data} title={title} format={format} height={height} />
      ) : (
        <Suspense fallback={<Skeleton height={height} />}>
          <ChartDrawing {...data} kind={kind} format={format} height={height} />
        </Suspense>
      )}
    </Paper>
  );
}

type ChartTableProps = ReturnType<typeof largestSeries> & Required<Pick<ChartProps, 'title' | 'format' | 'height'>>;

function ChartTable({ points, series, title, format, height }: ChartTableProps) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={0} mah={height * 1.5} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label={title} stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('chart.time')}</Table.Th>
            {series.map(({ name }) => (
              <Table.Th key={name} ta="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {points.map(({ timeMs, values }) => (
            <Table.Tr key={timeMs}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>{formatTime(timeMs)}</Table.Td>
              {series.map(({ name }) => (
                <Table.Td key={name} ta="right">
                  {format(values[name] ?? 0)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
