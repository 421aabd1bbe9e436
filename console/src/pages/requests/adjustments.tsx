/** What dragoman changed in a request, as a diff. Notes hold names, counts and types, never the user's text. */
import { Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RequestDetail } from '../../api/requests.ts';
import classes from './adjustments.module.css';

interface AdjustmentsProps extends Pick<RequestDetail, 'adjustments'> {
  /** The ledger keeps the first ones only. */
  readonly count: number;
}

export function Adjustments({ adjustments, count }: AdjustmentsProps) {
  const { t } = useTranslation('requests');
  return (
    <section>
      <Title order={2} mb="xs">
        {t('adjustments.title', { count })}
      </Title>
      {count === 0 && (
        <Text size="sm" c="dimmed">
          {t('adjustments.none')}
        </Text>
      )}
      {adjustments.length > 0 && (
        <ul className={classes.list}>
          {adjustments.map(({ rule, path, before, after }) => (
            <li key={`${rule} ${path} ${before}`}>
              <div className={classes.rule}>
                <code>{rule}</code>
                <code className={classes.path}>{path}</code>
              </div>
              {before !== null && (
                <del className={classes.before}>
                  <span className="visually-hidden">{t('adjustments.before')} </span>
                  {before}
                </del>
              )}
              {after !== null && (
                <ins className={classes.after}>
                  <span className="visually-hidden">{t('adjustments.after')} </span>
                  {after}
                </ins>
              )}
            </li>
          ))}
        </ul>
      )}
      {count > adjustments.length && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('adjustments.more', { count: count - adjustments.length })}
        </Text>
      )}
    </section>
  );
}
