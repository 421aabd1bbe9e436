/** What is used of an account's plan, with trial and bonus, and overage. */
import { Group, Skeleton, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AccountUsage } from '../../api/accounts.ts';
import { useNow } from '../../components/now.ts';
import { formatCredits, formatRelative, formatTime } from '../../components/numbers.ts';
import { UsedBar } from '../../components/used-bar.tsx';

interface PlanBarProps {
  /** Undefined while it is loaded. */
  readonly usage: AccountUsage | undefined;
  readonly isLoading: boolean;
}

export function PlanBar({ usage, isLoading }: PlanBarProps) {
  const { t } = useTranslation('accounts');
  if (usage === undefined && isLoading) return <Skeleton height={38} />;
  if (usage === undefined || usage.used === null || usage.limit === null)
    return (
      <Text size="xs" c="dimmed">
        {usage?.error?.message ?? t('plan.none')}
      </Text>
    );
  const { used, limit } = usage;
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap={8}>
        <Text size="sm" title={`${used} / ${limit}`}>
          {t('plan.used', { used: formatCredits(used), limit: formatCredits(limit) })}
        </Text>
        <Resets usage={usage} />
      </Group>
      <UsedBar used={used} limit={limit} name={usage.plan ?? t('plan.title')} />
      {usage.allowances.length > 1 && <Allowances usage={usage} />}
      <Overage usage={usage} />
    </Stack>
  );
}

function Resets({ usage: { resetsAt } }: { readonly usage: AccountUsage }) {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  if (resetsAt === null) return null;
  return (
    <Text size="xs" c="dimmed" title={formatTime(resetsAt)}>
      {t('plan.resets', { time: formatRelative(Date.parse(resetsAt), nowMs) })}
    </Text>
  );
}

function Allowances({ usage }: { readonly usage: AccountUsage }) {
  const { t } = useTranslation('accounts');
  return (
    <Stack gap={2}>
      {usage.allowances.map(({ kind, name, used, limit, expiresAt }) => (
        <Group key={`${kind} ${name}`} justify="space-between" gap={8} wrap="nowrap">
          <Text size="xs" c="dimmed" truncate>
            {kind === 'plan' ? name : `${name} (${t(`plan.${kind}`)})`}
            {expiresAt && ` · ${t('plan.expires', { time: formatTime(expiresAt) })}`}
          </Text>
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {formatCredits(used)} / {formatCredits(limit)}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}

function Overage({ usage: { overage } }: { readonly usage: AccountUsage }) {
  const { t } = useTranslation('accounts');
  if (overage === null) return null;
  const { isOn, used, charges, currency } = overage;
  return (
    <Text size="xs" c="dimmed">
      {isOn
        ? t('plan.overage', { used: formatCredits(used), charges: formatCredits(charges), currency })
        : t('plan.overageOff')}
    </Text>
  );
}
