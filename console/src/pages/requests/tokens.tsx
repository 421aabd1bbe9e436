/** What a request used, each figure with where it comes from. */
import { Table, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { UsageView } from '../../../../src/http/admin/contract/request.ts';
import { formatCount, formatCredits, formatShare } from '../../components/numbers.ts';

const FIGURES = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  'contextPercentage',
  'credits',
] as const;

type FigureName = (typeof FIGURES)[number];

const FORMATS: Partial<Record<FigureName, (value: number) => string>> = {
  credits: (value) => formatCredits(value),
  contextPercentage: (value) => formatShare(value / 100),
};

export function Tokens({ usage }: { readonly usage: UsageView }) {
  const { t } = useTranslation('requests');
  const rows = FIGURES.flatMap((name) => {
    const figure = usage[name];
    return figure === null ? [] : [{ name, ...figure }];
  });
  if (rows.length === 0) return null;
  return (
    <section>
      <Title order={2} mb="xs">
        {t('tokens.title')}
      </Title>
      <Table aria-label={t('tokens.title')} verticalSpacing={6} withRowBorders={false}>
        <Table.Tbody>
          {rows.map(({ name, value, provenance }) => (
            <Table.Tr key={name}>
              <Table.Th fw={400} c="dimmed" w="45%">
                {t(`tokens.${name}`)}
              </Table.Th>
              <Table.Td ta="right" w="20%">
                {(FORMATS[name] ?? formatCount)(value)}
              </Table.Td>
              <Table.Td c="dimmed" title={t(`provenance.${provenance}Hint`)}>
                {t(`provenance.${provenance}`)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {usage.listPriceUsd !== null && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('tokens.listPrice', { price: formatUsd(usage.listPriceUsd) })}
        </Text>
      )}
    </section>
  );
}

/** A request costs cents. */
function formatUsd(value: number): string {
  return `US$${value.toFixed(value < 1 ? 4 : 2)}`;
}
