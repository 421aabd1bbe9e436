/** What needs attention, on every page, until the reader hides it or it ends. */
import { CloseButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Alert, alertsQuery } from '../api/alerts.ts';
import classes from './shell.module.css';

/** Each time that a condition begins is hidden by itself. */
const nameOf = ({ id, beganAt }: Alert) => `${id} ${beganAt}`;

const ALERTS = { tab: 'alerts' } as const;

export function AlertBanner() {
  const { t } = useTranslation(['shell', 'common']);
  const { data } = useQuery(alertsQuery);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const shown = data?.alerts.filter((alert) => !hidden.has(nameOf(alert))) ?? [];
  const first = shown.find(({ severity }) => severity === 'critical') ?? shown[0];
  if (first === undefined) return null;
  const Icon = first.severity === 'critical' ? IconCircleX : IconAlertTriangle;
  const { subject, type } = first;
  const to: string = subject === null ? '/settings' : `/${subject.kind}s/${subject.id}`;
  return (
    <section className={classes.banner} data-severity={first.severity} aria-label={t('alerts.title')}>
      <Icon size={18} aria-hidden className={classes.bannerIcon} />
      <span className={classes.bannerText} role="status">
        <Link to={to} search={subject === null ? ALERTS : {}}>
          {t(`alerts.text.${type}`, { label: subject?.label ?? '' })}
        </Link>
        {shown.length > 1 && (
          <Link to="/settings" search={ALERTS}>
            {t('alerts.more', { count: shown.length - 1 })}
          </Link>
        )}
      </span>
      <CloseButton
        size="sm"
        aria-label={t('alerts.hide')}
        onClick={() => setHidden(new Set([...hidden, ...shown.map(nameOf)]))}
      />
    </section>
  );
}
