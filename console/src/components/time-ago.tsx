/** A time relative to now, with the exact one on hover and for screen readers. */
import { useTranslation } from 'react-i18next';
import { useNow } from './now.ts';
import { formatRelative, formatTime } from './numbers.ts';

interface TimeAgoProps {
  /** ISO 8601, or milliseconds; null: never. */
  readonly time: string | number | null | undefined;
}

export function TimeAgo({ time }: TimeAgoProps) {
  const { t } = useTranslation();
  const nowMs = useNow();
  if (time === null || time === undefined) return <span>{t('time.never')}</span>;
  const date = new Date(time);
  return (
    <time dateTime={date.toISOString()} title={formatTime(time)} style={{ whiteSpace: 'nowrap' }}>
      {formatRelative(date.getTime(), nowMs)}
    </time>
  );
}
