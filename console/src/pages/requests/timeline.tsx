/** The attempts of a request on the time that it took, from its arrival to its end. */
import { Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AttemptView } from '../../../../src/http/admin/contract/request.ts';
import type { RequestDetail } from '../../api/requests.ts';
import { useErrorCode } from '../../components/error-code.ts';
import { formatDuration, formatMoment } from '../../components/numbers.ts';
import classes from './timeline.module.css';

export function Timeline({ request }: { readonly request: RequestDetail }) {
  const { t } = useTranslation('requests');
  const { attempts, timing } = request;
  const startMs = Date.parse(timing.receivedAt);
  const totalMs = Math.max(1, timing.durationMs);
  return (
    <section>
      <Title order={2} mb="xs">
        {t('timeline.title')}
      </Title>
      <ol className={classes.list} aria-label={t('timeline.title')}>
        {attempts.map((attempt, index) => (
          <Attempt
            key={attempt.startedAt + (attempt.account ?? '')}
            number={index + 1}
            attempt={attempt}
            firstByteMs={index === attempts.length - 1 && attempt.code === null ? timing.firstByteMs : null}
            startMs={startMs}
            totalMs={totalMs}
            shownError={request.error}
          />
        ))}
        <li className={classes.end}>
          {attempts.length === 0 && <span>{t('timeline.noAttempt')} </span>}
          {t(`timeline.end.${request.outcome}`, { time: formatDuration(timing.durationMs) })}
        </li>
      </ol>
    </section>
  );
}

interface AttemptProps {
  readonly number: number;
  readonly attempt: AttemptView;
  /** Of the answer, if this attempt gave it. */
  readonly firstByteMs: number | null;
  readonly startMs: number;
  readonly totalMs: number;
  /** The error of the request, which is above the timeline already. */
  readonly shownError: string | null;
}

function Attempt({ number, attempt, firstByteMs, startMs, totalMs, shownError }: AttemptProps) {
  const { t } = useTranslation('requests');
  const errorCode = useErrorCode();
  const beginMs = Math.max(0, Date.parse(attempt.startedAt) - startMs);
  const endMs = attempt.endedAt === null ? totalMs : Math.max(beginMs, Date.parse(attempt.endedAt) - startMs);
  const waitedMs = attempt.waitedMs ?? 0;
  const share = (ms: number) => `${Math.min(100, (100 * ms) / totalMs)}%`;
  return (
    <li className={classes.attempt}>
      <div className={classes.head}>
        <strong>
          {t('timeline.attempt', { number })}
          {attempt.accountLabel !== null && ` · ${attempt.accountLabel}`}
        </strong>
        <span className={classes.result} data-failed={attempt.code !== null || undefined}>
          {attempt.code === null ? t('timeline.answered') : errorCode(attempt.code).title}
        </span>
        <span className={classes.times}>{formatDuration(endMs - beginMs)}</span>
      </div>
      <div className={classes.track} aria-hidden>
        {waitedMs > 0 && (
          <span
            className={classes.wait}
            style={{ left: share(Math.max(0, beginMs - waitedMs)), width: share(waitedMs) }}
          />
        )}
        <span
          className={classes.bar}
          data-failed={attempt.code !== null || undefined}
          style={{ left: share(beginMs), width: share(endMs - beginMs) }}
        />
        {firstByteMs !== null && <span className={classes.mark} style={{ left: share(firstByteMs) }} />}
      </div>
      <AttemptNotes attempt={attempt} waitedMs={waitedMs} firstByteMs={firstByteMs} shownError={shownError} />
    </li>
  );
}

interface NotesProps extends Pick<AttemptProps, 'attempt' | 'firstByteMs' | 'shownError'> {
  readonly waitedMs: number;
}

function AttemptNotes({ attempt, waitedMs, firstByteMs, shownError }: NotesProps) {
  const { t } = useTranslation('requests');
  const { strategy, wireProfile, upstreamStatus, upstreamRequestId, reason, error, skipped, startedAt } = attempt;
  const facts = [
    waitedMs > 0 && t('timeline.waited', { time: formatDuration(waitedMs) }),
    firstByteMs !== null && t('timeline.firstText', { time: formatDuration(firstByteMs) }),
    strategy !== null && t('timeline.strategy', { strategy }),
    wireProfile !== null && t('timeline.profile', { profile: wireProfile }),
    upstreamStatus !== null && t('timeline.status', { status: upstreamStatus }),
    reason,
  ].filter((fact) => typeof fact === 'string');
  return (
    <>
      {error && error !== shownError && <p className={classes.error}>{error}</p>}
      <p className={classes.notes}>
        {facts.join(' · ')}
        {upstreamRequestId && (
          <>
            {facts.length > 0 && ' · '}
            <code>{upstreamRequestId}</code>
          </>
        )}
      </p>
      {skipped.map(({ account, why, until }) => (
        <p key={account} className={classes.notes}>
          {until === null
            ? t('timeline.skipped', { account, why })
            : t('timeline.skippedUntil', { account, why, time: formatMoment(until, Date.parse(startedAt)) })}
        </p>
      ))}
    </>
  );
}
