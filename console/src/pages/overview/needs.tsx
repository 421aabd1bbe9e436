/** What the owner of the gateway should look at, each with the page where something can be done. */
import { Paper, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Activity } from '../../api/activity.ts';
import { formatDay, formatShare } from '../../components/numbers.ts';
import classes from './overview.module.css';

interface Need {
  readonly id: string;
  readonly text: string;
  readonly to: string;
}

/** Of these states, an account gets out by a person only. */
const OWNERS: readonly string[] = ['signed-out', 'suspended', 'exhausted'];

export function Needs({ activity }: { readonly activity: Activity }) {
  const { t } = useTranslation('overview');
  const needs: readonly Need[] = [
    ...activity.accounts
      .filter(({ status }) => OWNERS.includes(status))
      .map(({ id, label, status }) => ({
        id,
        text: t(`needs.${status as 'signed-out' | 'suspended' | 'exhausted'}`, { label }),
        to: `/accounts/${id}`,
      })),
    ...activity.plans.flatMap(({ id, label, usedUpAt }) =>
      usedUpAt === null
        ? []
        : [{ id: `plan ${id}`, text: t('needs.plan', { label, day: formatDay(usedUpAt) }), to: `/accounts/${id}` }],
    ),
    ...activity.budgets.map(({ key, name, period, used, limit }) => ({
      id: `${key} ${period}`,
      text: t(`needs.${period}`, { name, share: formatShare(limit === 0 ? 1 : used / limit) }),
      to: `/keys/${key}`,
    })),
  ];
  return (
    <Paper component="section" p="md" bg="var(--surface)" aria-label={t('needs.title')}>
      <Title order={2} mb="xs">
        {t('needs.title')}
      </Title>
      {needs.length === 0 ? (
        <Text size="sm" c="dimmed" className={classes.need}>
          <IconCircleCheck size={17} color="var(--good)" aria-hidden /> {t('needs.nothing')}
        </Text>
      ) : (
        <ul className={classes.needs}>
          {needs.map(({ id, text, to }) => (
            <li key={id} className={classes.need}>
              <IconAlertTriangle size={17} color="var(--warn)" aria-hidden />
              <Link to={to}>{text}</Link>
            </li>
          ))}
        </ul>
      )}
    </Paper>
  );
}
