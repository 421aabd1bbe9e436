/** The replies of an account in the last 24 hours, one bar for each hour; the share of errors is the top of a bar. */
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../components/now.ts';
import { formatCount, formatMoment } from '../../components/numbers.ts';
import classes from './accounts.module.css';
import { type RecordedHour, toDay } from './hours.ts';

/** `recorded` null: there are no figures. */
export function HealthStrip({ recorded }: { readonly recorded: readonly RecordedHour[] | null }) {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  if (recorded === null) return null;
  const hours = toDay(recorded, nowMs);
  const requests = hours.reduce((sum, hour) => sum + hour.requests, 0);
  const errors = hours.reduce((sum, hour) => sum + hour.errors, 0);
  const summaryOf = (sums: Pick<RecordedHour, 'requests' | 'errors'>) =>
    t('health.summary', {
      requests: t('health.requests', { count: sums.requests, value: formatCount(sums.requests) }),
      errors: t('health.errors', { count: sums.errors, value: formatCount(sums.errors) }),
    });
  const summary = requests === 0 ? t('health.none') : summaryOf({ requests, errors });
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
            title={t('health.hour', { time: formatMoment(hour.fromMs, nowMs), summary: summaryOf(hour) })}
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
function errorPercent({ requests, errors }: Pick<RecordedHour, 'requests' | 'errors'>): number {
  return Math.max(20, Math.round((100 * errors) / requests));
}
