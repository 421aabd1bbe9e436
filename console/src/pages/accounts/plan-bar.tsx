/** What is used of an account's plan, with trial and bonus, and overage; or why that is not known. */
import { Group, Skeleton, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PlanUsage } from '../../api/accounts.ts';
import { useErrorCode } from '../../components/error-code.ts';
import { useNow } from '../../components/now.ts';
import { formatCredits, formatDay, formatRelative, formatTime } from '../../components/numbers.ts';
import { UsedBar } from '../../components/used-bar.tsx';

/** `usage` null: the gateway is reading it. */
export function PlanBar({ usage }: { readonly usage: PlanUsage | null }) {
  const { t } = useTranslation('accounts');
  if (usage === null) return <Skeleton height={34} role="img" aria-label={t('plan.reading')} />;
  const { used, limit } = usage;
  if (used === null || limit === null)
    return usage.error ? (
      <WhyUnknown error={usage.error} />
    ) : (
      <Text size="xs" c="dimmed">
        {t('plan.none')}
      </Text>
    );
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
      {usage.error !== null && <LastRead usage={usage} />}
    </Stack>
  );
}

function WhyUnknown({ error: { code, message } }: { readonly error: NonNullable<PlanUsage['error']> }) {
  const { t } = useTranslation('accounts');
  const errorCode = useErrorCode();
  const reason = code === 'feature_not_supported' ? undefined : errorCode(code).title;
  return (
    <Text size="xs" c="dimmed" title={message}>
      {reason === undefined ? t('plan.none') : t('plan.unknown', { reason })}
    </Text>
  );
}

/** The figures of an earlier reading, since the last attempt failed. */
function LastRead({ usage: { readAt, error } }: { readonly usage: PlanUsage }) {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  if (readAt === null) return null;
  return (
    <Text size="xs" c="dimmed" title={error?.message}>
      {t('plan.old', { time: formatRelative(Date.parse(readAt), nowMs) })}
    </Text>
  );
}

function Resets({ usage: { resetsAt } }: { readonly usage: PlanUsage }) {
  const { t } = useTranslation('accounts');
  const nowMs = useNow();
  if (resetsAt === null) return null;
  return (
    <Text size="xs" c="dimmed" title={formatTime(resetsAt)}>
      {t('plan.resets', { time: formatRelative(Date.parse(resetsAt), nowMs) })}
    </Text>
  );
}

function Allowances({ usage }: { readonly usage: PlanUsage }) {
  const { t } = useTranslation('accounts');
  return (
    <Stack gap={2}>
      {usage.allowances.map(({ kind, name, used, limit, expiresAt }) => (
        <Group key={`${kind} ${name}`} justify="space-between" gap={8} wrap="nowrap">
          <Text size="xs" c="dimmed" truncate title={expiresAt === null ? name : `${name} · ${formatTime(expiresAt)}`}>
            {kind === 'plan' ? name : `${name} (${t(`plan.${kind}`)})`}
            {expiresAt && ` · ${t('plan.expires', { time: formatDay(expiresAt) })}`}
          </Text>
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {formatCredits(used)} / {formatCredits(limit)}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}

function Overage({ usage: { overage } }: { readonly usage: PlanUsage }) {
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
