/** One account among others: how it is, what is left of its plan, what it has done. */
import { Group, Paper, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api/accounts.ts';
import { formatCount } from '../../components/numbers.ts';
import classes from './accounts.module.css';
import { AccountMenu } from './actions.tsx';
import { HealthStrip } from './health-strip.tsx';
import { PlanBar } from './plan-bar.tsx';
import { AccountBadge, useSkipText, useStateText } from './state.tsx';

interface AccountCardProps {
  readonly account: Account;
  readonly signInAgain: (account: Account) => void;
}

export function AccountCard({ account, signInAgain }: AccountCardProps) {
  const { t } = useTranslation('accounts');
  const { id, label, kind, usage = null, hours = null, successes, failures, consecutiveFailures } = account;
  const why = useStateText(account);
  const skip = useSkipText(account);
  return (
    <Paper component="article" className={classes.card} aria-label={label}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Link to="/accounts/$accountId" params={{ accountId: id }} className={classes.name}>
          {label}
        </Link>
        <AccountMenu account={account} signInAgain={signInAgain} />
      </Group>
      <Group gap="xs">
        <AccountBadge state={account.state} />
        <Text size="xs" c="dimmed">
          {t(`kinds.${kind}`)}
          {usage?.plan && ` · ${usage.plan}`}
        </Text>
      </Group>
      {why !== undefined && (
        <Text size="sm" className={classes.why} title={why}>
          {why}
        </Text>
      )}
      {skip !== undefined && (
        <Text size="xs" c="dimmed">
          {skip}
        </Text>
      )}
      <Stack gap={8}>
        <HealthStrip recorded={hours} />
        <PlanBar usage={usage} />
        <Text size="xs" c="dimmed">
          {t('facts.requestsValue', { successes: formatCount(successes), failures: formatCount(failures) })}
          {consecutiveFailures > 0 && ` · ${t('facts.inARow', { count: consecutiveFailures })}`}
        </Text>
      </Stack>
    </Paper>
  );
}
