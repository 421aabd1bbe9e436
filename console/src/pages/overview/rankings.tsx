/** The keys, models and clients with the most requests, the errors, and the slowest replies. Each row leads to its requests. */
import { Paper, SegmentedControl, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Activity } from '../../api/activity.ts';
import { useErrorCode } from '../../components/error-code.ts';
import { formatCount, formatCredits, formatDuration, formatTokens } from '../../components/numbers.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import classes from './overview.module.css';

interface RankingsProps {
  readonly activity: Activity;
}

const TOPS = { keys: 'key', models: 'model', clients: 'client' } as const;

type Top = keyof typeof TOPS;

export function TopGroups({ activity }: RankingsProps) {
  const { t } = useTranslation('overview');
  const [top, setTop] = useState<Top>('keys');
  const rows = activity[top];
  const most = Math.max(1, ...rows.map(({ requests }) => requests));
  return (
    <Paper component="section" p="md" bg="var(--surface)" aria-label={t('top.title')}>
      <div className={classes.head}>
        <Title order={2}>{t('top.title')}</Title>
        <SegmentedControl
          size="xs"
          aria-label={t('top.title')}
          value={top}
          onChange={(value) => setTop(value as Top)}
          data={Object.keys(TOPS).map((value) => ({ value, label: t(`top.${value as Top}`) }))}
        />
      </div>
      {rows.length === 0 && <Nothing />}
      <ul className={classes.rows}>
        {rows.map(({ group, label, requests, inputTokens, outputTokens, credits }) => (
          <li key={group ?? ''} className={classes.row}>
            <span className={classes.share} style={{ width: `${(100 * requests) / most}%` }} aria-hidden />
            <Link to="/requests" search={{ [TOPS[top]]: group ?? 'none' }} className={classes.name}>
              {label ?? (group === 'local' ? t('top.local') : (group ?? t('top.none')))}
            </Link>
            <span>{t('top.requests', { count: requests, shown: formatCount(requests) })}</span>
            <span className={classes.minor}>{formatTokens(inputTokens + outputTokens)}</span>
            <span className={classes.minor}>{t('top.credits', { credits: formatCredits(credits) })}</span>
          </li>
        ))}
      </ul>
    </Paper>
  );
}

export function Failing({ activity }: RankingsProps) {
  const { t } = useTranslation('overview');
  const errorCode = useErrorCode();
  const { failing, slowest } = activity;
  return (
    <Paper component="section" p="md" bg="var(--surface)" aria-label={t('failing.title')}>
      <Title order={2} mb="xs">
        {t('failing.title')}
      </Title>
      {failing.length === 0 && (
        <Text size="sm" c="dimmed" mb="sm">
          {t('failing.none')}
        </Text>
      )}
      <ul className={classes.rows}>
        {failing.map(({ code, requests }) => (
          <li key={code} className={classes.row}>
            <Link to="/requests" search={{ code }} className={classes.name} title={code}>
              {errorCode(code).title}
            </Link>
            <span>{t('top.requests', { count: requests, shown: formatCount(requests) })}</span>
          </li>
        ))}
      </ul>
      <Title order={3} mt="md" mb="xs">
        {t('slowest.title')}
      </Title>
      {slowest.length === 0 && <Nothing />}
      <ul className={classes.rows}>
        {slowest.map(({ id, model, answeredModel, durationMs, time }) => (
          <li key={id} className={classes.row}>
            <Link to="/requests/$requestId" params={{ requestId: id }} className={classes.name}>
              {answeredModel ?? model ?? id}
            </Link>
            <span className={classes.minor}>
              <TimeAgo time={time} />
            </span>
            <span>{formatDuration(durationMs)}</span>
          </li>
        ))}
      </ul>
    </Paper>
  );
}

function Nothing() {
  const { t } = useTranslation('overview');
  return (
    <Text size="sm" c="dimmed">
      {t('nothing')}
    </Text>
  );
}
