/** What a key has used of its credits for the day and the month, and where that leads. */
import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Budget, ClientKey } from '../../api/client-keys.ts';
import { useNow } from '../../components/now.ts';
import { formatCredits, formatMoment, formatShare, formatTime } from '../../components/numbers.ts';
import { UsedBar } from '../../components/used-bar.tsx';

/** A budget of nothing is used up. */
const shareOf = ({ used, limit }: Budget) => (limit === 0 ? 1 : used / limit);

/** The budget of which most is used, for a row of the list. */
export function FullestBudget({ clientKey: { budgets } }: { readonly clientKey: ClientKey }) {
  const { t } = useTranslation('keys');
  const budget = budgets.toSorted((a, b) => shareOf(b) - shareOf(a))[0];
  if (budget === undefined) return null;
  const { period, used, limit } = budget;
  const figures = t(`budget.${period}`, { used: formatCredits(used), limit: formatCredits(limit) });
  return (
    <div title={figures}>
      <Text size="xs" c="dimmed" truncate>
        {t(`budget.share.${period}`, { share: formatShare(shareOf(budget)) })}
      </Text>
      <UsedBar used={used} limit={limit} name={figures} height={5} />
    </div>
  );
}

export function Budgets({ clientKey: { budgets } }: { readonly clientKey: ClientKey }) {
  const { t } = useTranslation('keys');
  const nowMs = useNow();
  if (budgets.length === 0) return null;
  return (
    <Stack gap="sm">
      {budgets.map((budget) => {
        const { period, used, limit, resetsAt, usedUpAt, usedAtReset } = budget;
        const figures = t(`budget.${period}`, { used: formatCredits(used), limit: formatCredits(limit) });
        return (
          <div key={period}>
            <Group justify="space-between" gap={8} mb={4}>
              <Text size="sm">{figures}</Text>
              <Text size="xs" c="dimmed" title={formatTime(resetsAt)}>
                {t('budget.resets', { time: formatMoment(resetsAt, nowMs) })}
              </Text>
            </Group>
            <UsedBar used={used} limit={limit} name={figures} />
            <Text size="xs" c="dimmed" mt={4}>
              {usedUpAt === null
                ? t('budget.lasts', { credits: formatCredits(usedAtReset) })
                : t('budget.usedUp', { time: formatMoment(usedUpAt, nowMs) })}
            </Text>
          </div>
        );
      })}
    </Stack>
  );
}
