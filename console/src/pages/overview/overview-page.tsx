/** Is it well, how much is left, what needs the owner: everything in one request. */
import { Alert, Button, Group, Select, Skeleton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconLayoutDashboard } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type Activity, activityQuery } from '../../api/activity.ts';
import { spanOf } from '../../api/history.ts';
import { Chart } from '../../components/chart.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { ExportMenu } from '../../components/export-menu.tsx';
import { formatCount, formatCredits, formatTokens } from '../../components/numbers.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { type TimeRange, timesOf, useTimeRange } from '../../shell/range.ts';
import { Cards } from './cards.tsx';
import { useHealth } from './health.ts';
import { Needs } from './needs.tsx';
import classes from './overview.module.css';
import { GROUPS, METRICS, type Metric, type OverviewSearch, parseOverviewSearch } from './overview-search.ts';
import { toPoints } from './points.ts';
import { Failing, TopGroups } from './rankings.tsx';

export function OverviewPage() {
  const { t } = useTranslation(['overview', 'shell']);
  const range = useTimeRange();
  const { show = 'requests', by = 'model' } = parseOverviewSearch(useSearch({ strict: false }));
  const { data, error, refetch } = useQuery(activityQuery(range, by));
  return (
    <>
      <PageHeader title={t('shell:pages.overview')} />
      {error && !data ? (
        <ErrorNotice error={error} retry={refetch} />
      ) : data?.accounts.length === 0 ? (
        <Welcome />
      ) : (
        <>
          <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm" mb="md">
            <HealthLine activity={data} />
            {data?.isRecorded && <ExportMenu query={{ by: spanOf(range), kind: 'reply', ...timesOf(range) }} />}
          </Group>
          {data && !data.isRecorded && <Alert mb="md">{t('notRecorded')}</Alert>}
          {data && data.lost > 0 && <Alert mb="md">{t('lost', { count: data.lost })}</Alert>}
          <Cards activity={data} range={range} />
          <div className={classes.columns}>
            <OverTime activity={data} range={range} show={show} by={by} />
            {data ? <Needs activity={data} /> : <Skeleton height={160} />}
          </div>
          {data && (
            <div className={classes.lower}>
              <TopGroups activity={data} />
              <Failing activity={data} />
            </div>
          )}
        </>
      )}
    </>
  );
}

function Welcome() {
  const { t } = useTranslation('overview');
  return (
    <EmptyState icon={IconLayoutDashboard} title={t('welcome.title')} text={t('welcome.text')}>
      <Button component={Link} to="/accounts">
        {t('welcome.action')}
      </Button>
    </EmptyState>
  );
}

const ICONS = { good: IconCircleCheck, warn: IconAlertTriangle, bad: IconCircleX } as const;

function HealthLine({ activity }: { readonly activity: Activity | undefined }) {
  const healthOf = useHealth();
  if (!activity) return <Skeleton height={24} width="50%" mb="md" />;
  const { tone, text } = healthOf(activity);
  const kind = tone === 'good' || tone === 'bad' ? tone : 'warn';
  const Icon = ICONS[kind];
  return (
    <p className={classes.health} role="status">
      <Icon size={20} color={`var(--${kind})`} aria-hidden />
      {text}
    </p>
  );
}

const FORMATS: Record<Metric, (value: number) => string> = {
  requests: (value) => formatCount(value),
  errors: (value) => formatCount(value),
  tokens: formatTokens,
  credits: (value) => formatCredits(value),
};

interface OverTimeProps {
  readonly activity: Activity | undefined;
  readonly range: TimeRange;
  readonly show: Metric;
  readonly by: (typeof GROUPS)[number];
}

function OverTime({ activity, range, show, by }: OverTimeProps) {
  const { t } = useTranslation('overview');
  const navigate = useNavigate();
  const setSearch = (change: OverviewSearch) =>
    void navigate({ to: '.', search: (previous) => ({ ...previous, ...change }), replace: true });
  return (
    <Chart
      title={t('chart.title', { metric: t(`metric.${show}`) })}
      points={activity && toPoints(activity, show, range, t('top.none'))}
      format={FORMATS[show]}
      nameOf={(name) => (name === 'local' ? t('top.local') : name)}
      kind={show === 'errors' ? 'bar' : 'area'}
    >
      <Group gap="xs">
        <Select
          size="xs"
          w={120}
          aria-label={t('chart.show')}
          data={METRICS.map((value) => ({ value, label: t(`metric.${value}`) }))}
          value={show}
          onChange={(value) => setSearch({ show: METRICS.find((name) => name === value) })}
          allowDeselect={false}
        />
        <Select
          size="xs"
          w={130}
          aria-label={t('chart.by')}
          data={GROUPS.map((value) => ({ value, label: t(`group.${value}`) }))}
          value={by}
          onChange={(value) => setSearch({ by: GROUPS.find((name) => name === value) })}
          allowDeselect={false}
        />
      </Group>
    </Chart>
  );
}
