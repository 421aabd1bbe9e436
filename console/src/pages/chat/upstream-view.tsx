/** What went to the service for the last request, and the frames of its answer, as this gateway captured them. */
import { Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type CapsuleExchange, capsuleQuery } from '../../api/capsules.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';

/** `requestId`: of a request that has ended. */
export function UpstreamView({ requestId }: { readonly requestId: string }) {
  const { t } = useTranslation('chat');
  const { data, error, refetch } = useQuery(capsuleQuery(requestId));
  if (error) return <ErrorNotice error={error} title={t('noUpstream')} retry={refetch} />;
  if (!data) return <Skeleton height={200} />;
  if (data.upstream.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('nothingSent')}
      </Text>
    );
  return (
    <Stack gap="lg">
      {data.upstream.map((exchange, index) => (
        // Attempts have no ids, and their order does not change.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Attempt key={index} exchange={exchange} number={index + 1} />
      ))}
    </Stack>
  );
}

function Attempt({ exchange, number }: { readonly exchange: CapsuleExchange; readonly number: number }) {
  const { t } = useTranslation('chat');
  const { request, answer } = exchange;
  const headers = request.headers.map(([name, value]) => `${name}: ${value}`).join('\n');
  return (
    <Stack gap="sm">
      <Title order={3}>{t('sentAs', { number })}</Title>
      <CodeBlock code={headers} label={t('upstreamHeaders')} title={`${request.method} ${request.url}`} />
      <CodeBlock code={indented(request.body)} label={t('upstreamBody')} />
      {answer && (
        <CodeBlock
          code={answer.body ?? framesOf(answer.frames)}
          label={t('frames')}
          title={t('answeredWith', { status: answer.status })}
        />
      )}
    </Stack>
  );
}

const MAX_CHARS = 200_000;

function indented(body: string | null): string {
  if (body === null) return '';
  try {
    return JSON.stringify(JSON.parse(body), null, 2).slice(0, MAX_CHARS);
  } catch {
    return body.slice(0, MAX_CHARS);
  }
}

function framesOf(frames: NonNullable<CapsuleExchange['answer']>['frames']): string {
  const lines = frames.map(({ afterMs, headers, payload }) => {
    return `+${afterMs} ms ${headers[':event-type'] ?? headers[':exception-type'] ?? headers[':message-type'] ?? ''}\n${payload}`;
  });
  return lines.join('\n\n').slice(0, MAX_CHARS);
}
