/** The four figures at the top: requests, errors, time to the first text, what is left of the plans. */
import { Progress } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Activity } from '../../api/activity.ts';
import {
  formatCount,
  formatCredits,
  formatDay,
  formatDuration,
  formatShare,
  formatTokens,
} from '../../components/numbers.ts';
import { Sparkline } from '../../components/sparkline.tsx';
import { StatCard } from '../../components/stat-card.tsx';
import type { TimeRange } from '../../shell/range.ts';
import classes from './overview.module.css';
import { toLine, toPoints } from './points.ts';

interface CardsProps {
  readonly activity: Activity | undefined;
  readonly range: TimeRange;
}

export function Cards({ activity, range }: CardsProps) {
  const { t } = useTranslation('overview');
  const totals = activity?.totals;
  const line = (metric: 'requests' | 'errors') => (activity ? toLine(toPoints(activity, metric, range, '')) : []);
  const tokens = totals && totals.inputTokens + totals.outputTokens;
  const errorShare = totals && (totals.requests === 0 ? 0 : totals.errors / totals.requests);
  const first = activity?.firstByte;
  return (
    <div className={classes.cards}>
      <StatCard
        label={t('cards.requests')}
        value={totals && formatCount(totals.requests)}
        note={
          totals &&
          tokens !== undefined &&
          t('cards.used', { tokens: formatTokens(tokens), credits: formatCredits(totals.credits) })
        }
        exact={tokens === undefined ? undefined : t('cards.tokensExact', { tokens: formatCount(tokens) })}
      >
        <Sparkline values={line('requests')} />
      </StatCard>
      <StatCard
        label={t('cards.errors')}
        value={errorShare === undefined ? undefined : formatShare(errorShare)}
        note={totals && t('cards.errorCount', { count: totals.errors, shown: formatCount(totals.errors) })}
      >
        <Sparkline values={line('errors')} tone="bad" />
      </StatCard>
      <StatCard
        label={t('cards.firstText')}
        value={activity && (first ? formatDuration(first.p50Ms) : '–')}
        note={
          first
            ? t('cards.percentile', {
                time: formatDuration(first.p95Ms),
                count: first.replies,
                replies: formatCount(first.replies),
              })
            : activity && t('cards.noReplies')
        }
      />
      <CreditsLeft activity={activity} />
    </div>
  );
}

/** Of all accounts together. */
function CreditsLeft({ activity }: Pick<CardsProps, 'activity'>) {
  const { t } = useTranslation('overview');
  const plans = activity?.plans.filter(({ left }) => left !== null) ?? [];
  const left = plans.reduce((sum, plan) => sum + (plan.left ?? 0), 0);
  const limit = plans.reduce((sum, plan) => sum + (plan.limit ?? 0), 0);
  if (activity && plans.length === 0) return <StatCard label={t('cards.left')} value="–" note={t('cards.noPlan')} />;
  const resetsAt = plans.flatMap((plan) => plan.resetsAt ?? []).sort()[0];
  const ends = plans.flatMap(({ usedUpAt }) => usedUpAt ?? []).sort();
  // As long as one plan lasts, requests are answered.
  const usedUpAt = ends.length === plans.length ? ends.at(-1) : undefined;
  return (
    <StatCard
      label={t('cards.left')}
      value={activity && formatCredits(left)}
      note={
        activity && (
          <>
            {t('cards.of', { limit: formatCredits(limit) })}
            {resetsAt && ` · ${t('cards.resets', { day: formatDay(resetsAt) })}`}
          </>
        )
      }
    >
      {activity && (
        <>
          <Progress
            value={limit === 0 ? 0 : Math.min(100, (100 * left) / limit)}
            color={usedUpAt === undefined ? 'accent' : 'orange'}
            aria-label={t('cards.left')}
          />
          <div className={classes.forecast}>
            {usedUpAt === undefined ? t('cards.lasts') : t('cards.usedUp', { day: formatDay(usedUpAt) })}
          </div>
        </>
      )}
    </StatCard>
  );
}
