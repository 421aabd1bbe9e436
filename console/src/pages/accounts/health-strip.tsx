/** The replies of an account in the last 24 hours, one bar for each hour; the share of errors is the top of a bar. */
import { Skeleton, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../components/now.ts';
import { formatCount, formatMoment } from '../../components/numbers.ts';
import classes from './accounts.module.css';
import type { AccountHour } from './hours.ts';

/** `hours` undefined: loading; null: there are no figures. */
export function HealthStrip({ hours }: { readonly hours: readonly AccountHour[] | undefined | null }) {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  if (hours === null) return null;
  if (hours === undefined) return <Skeleton height={36} />;
  const requests = hours.reduce((sum, hour) => sum + hour.requests, 0);
  const errors = hours.reduce((sum, hour) => sum + hour.errors, 0);
  const summary =
    requests === 0
      ? t('health.none')
      : t('health.summary', { requests: formatCount(requests), errors: formatCount(errors) });
  const line = t('health.line', { summary });
  return (
    <div>
      <div className={classes.strip} role="img" aria-label={line}>
        {hours.map((hour) => (
          <span
            key={hour.fromMs}
            className={classes.hour}
            data-empty={hour.requests === 0 || undefined}
            style={hour.errors === 0 ? undefined : { backgroundImage: split(errorPercent(hour)) }}
            title={t('health.hour', {
              time: formatMoment(hour.fromMs, nowMs),
              requests: formatCount(hour.requests),
              errors: formatCount(hour.errors),
            })}
          />
        ))}
      </div>
      <Text size="xs" c="dimmed" mt={4}>
        {line}
      </Text>
    </div>
  );
}

function split(percent: number): string {
  return `linear-gradient(to bottom, var(--bad) ${percent}%, transparent ${percent}%)`;
}

/** At least a fifth, so that one error among thousands can be seen. */
function errorPercent({ requests, errors }: AccountHour): number {
  return Math.max(20, Math.round((100 * errors) / requests));
}
