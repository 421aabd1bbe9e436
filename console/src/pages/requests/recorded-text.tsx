/** The prompt and the answer of a request, if the ledger keeps them. */
import { Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RequestDetail } from '../../api/requests.ts';
import { CodeBlock } from '../../components/code-block.tsx';

export function RecordedText({ text }: { readonly text: NonNullable<RequestDetail['text']> }) {
  const { t } = useTranslation('requests');
  return (
    <section>
      <Title order={2} mb="xs">
        {t('text.title')}
      </Title>
      <Stack gap="xs">
        {text.isCut && (
          <Text size="xs" c="dimmed">
            {t('text.cut')}
          </Text>
        )}
        <CodeBlock code={indented(text.request)} label={t('text.request')} />
        {text.reply !== '' && <CodeBlock code={text.reply} label={t('text.reply')} />}
      </Stack>
    </section>
  );
}

/** A body that was cut is not JSON any more. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
