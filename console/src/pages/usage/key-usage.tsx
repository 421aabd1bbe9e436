/** The figures of one key: what it may use, its limits, and what it has used. */
import { Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ClientUsage, UsageSums } from '../../api/guest.ts';
import { Facts } from '../../components/facts.tsx';
import { useNow } from '../../components/now.ts';
import {
  formatCount,
  formatCredits,
  formatDay,
  formatMoment,
  formatTime,
  formatTokens,
} from '../../components/numbers.ts';
import { UsedBar } from '../../components/used-bar.tsx';
import { LIMITS, type LimitName } from '../keys/limits.ts';
import classes from './usage.module.css';

export function KeyUsage({ usage }: { readonly usage: ClientUsage }) {
  const { t } = useTranslation('usage');
  const { key, limits, today, month, days } = usage;
  const isLimited = LIMITS.some((name) => limits[name] !== null);
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          { name: t('facts.key'), value: key.prefix === null ? null : <code>{key.prefix}…</code> },
          { name: t('facts.expires'), value: key.expiresAt === null ? null : formatTime(key.expiresAt) },
          { name: t('facts.models'), value: key.models === null ? t('facts.everyModel') : key.models.join(', ') },
          { name: t('facts.group'), value: key.group },
        ]}
      />
      {isLimited && <Limits limits={limits} />}
      {today === null || month === null ? (
        <Text c="dimmed">{t('noLedger')}</Text>
      ) : (
        <Sums
          rows={[
            { name: t('today'), sums: today },
            { name: t('month'), sums: month },
            ...days.toReversed().map((day) => ({ name: formatDay(day.date), sums: day })),
          ]}
        />
      )}
    </Stack>
  );
}

function Limits({ limits }: Pick<ClientUsage, 'limits'>) {
  const { t } = useTranslation('usage');
  const nowMs = useNow();
  return (
    <section aria-label={t('limits')} className={classes.limits}>
      {LIMITS.map((name) => {
        const limit = limits[name];
        if (limit === null) return null;
        const figures = t(`limit.${name}`, { used: format(name, limit.used), limit: format(name, limit.limit) });
        return (
          <Paper key={name} p="sm">
            <Group justify="space-between" gap={8} mb={4}>
              <Text size="sm">{figures}</Text>
              {limit.resetsAt !== null && (
                <Text size="xs" c="dimmed" title={formatTime(limit.resetsAt)}>
                  {t('resets', { time: formatMoment(limit.resetsAt, nowMs) })}
                </Text>
              )}
            </Group>
            <UsedBar used={limit.used} limit={limit.limit} name={figures} />
          </Paper>
        );
      })}
    </section>
  );
}

function format(name: LimitName, value: number): string {
  if (name === 'tokensPerMinute') return formatTokens(value);
  return name.startsWith('credits') ? formatCredits(value) : formatCount(value);
}

/** Today and this month, then the days before, newest first. */
function Sums({ rows }: { readonly rows: readonly { readonly name: string; readonly sums: UsageSums }[] }) {
  const { t } = useTranslation('usage');
  return (
    <section>
      <Title order={3} mb="xs">
        {t('used')}
      </Title>
      {/* On a phone it is scrolled, which must be possible by keyboard. */}
      <Paper className={classes.table} role="region" aria-label={t('used')} tabIndex={0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('period')}</Table.Th>
              {(['requests', 'errors', 'inputTokens', 'outputTokens', 'credits'] as const).map((name) => (
                <Table.Th key={name} ta="end">
                  {t(name)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ name, sums: { requests, errors, inputTokens, outputTokens, credits } }) => (
              <Table.Tr key={name}>
                <Table.Td className={classes.period}>{name}</Table.Td>
                <Table.Td ta="end">{formatCount(requests)}</Table.Td>
                <Table.Td ta="end">{formatCount(errors)}</Table.Td>
                <Table.Td ta="end" title={formatCount(inputTokens)}>
                  {formatTokens(inputTokens)}
                </Table.Td>
                <Table.Td ta="end" title={formatCount(outputTokens)}>
                  {formatTokens(outputTokens)}
                </Table.Td>
                <Table.Td ta="end">{formatCredits(credits)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
    </section>
  );
}
