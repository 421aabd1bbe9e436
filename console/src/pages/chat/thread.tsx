/** The messages of a chat. */
import { Loader, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDuration, formatTokens } from '../../components/numbers.ts';
import classes from './chat.module.css';
import type { Part } from './conversation.ts';
import type { Entry, Exchange } from './use-chat.ts';

interface ThreadProps {
  readonly entries: readonly Entry[];
  readonly isAnswering: boolean;
}

export function Thread({ entries, isAnswering }: ThreadProps) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (entries.length > 0) end.current?.scrollIntoView({ block: 'nearest' });
  }, [entries]);
  return (
    <>
      <div className={classes.thread} role="log" aria-busy={isAnswering}>
        {entries.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages are only appended
          <MessageView key={index} entry={entry} isArriving={isAnswering && index === entries.length - 1} />
        ))}
      </div>
      <div ref={end} />
    </>
  );
}

function MessageView({ entry, isArriving }: { readonly entry: Entry; readonly isArriving: boolean }) {
  const { t } = useTranslation('chat');
  if (entry.role === 'tool')
    return (
      <details className={classes.tool} open>
        <summary>{t('toolResult')}</summary>
        <code>{entry.output}</code>
      </details>
    );
  const model =
    entry.exchange && 'model' in entry.exchange.request.body ? String(entry.exchange.request.body.model) : '';
  return (
    <article className={classes.message} data-role={entry.role} aria-label={entry.role === 'user' ? t('you') : model}>
      <Text size="xs" c="dimmed" fw={600}>
        {entry.role === 'user' ? t('you') : model}
      </Text>
      {entry.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts are only appended
        <PartView key={index} part={part} />
      ))}
      {isArriving && entry.parts.length === 0 && <Loader size="xs" type="dots" aria-hidden />}
      {entry.wasStopped && (
        <Text size="xs" c="dimmed">
          {t('stopped')}
        </Text>
      )}
      {entry.exchange && <Figures exchange={entry.exchange} />}
    </article>
  );
}

function PartView({ part }: { readonly part: Part }) {
  const { t } = useTranslation('chat');
  switch (part.type) {
    case 'text':
      return <div className={classes.text}>{part.text}</div>;
    case 'image':
      return <img className={classes.image} src={`data:${part.mediaType};base64,${part.base64}`} alt={part.name} />;
    case 'reasoning':
      return (
        <details className={classes.tool}>
          <summary>{t('reasoning')}</summary>
          <div className={classes.text}>{part.text}</div>
        </details>
      );
    case 'tool-call':
      return (
        <details className={classes.tool} open>
          <summary>{t('toolCall', { name: part.name })}</summary>
          <code>{part.json || '{}'}</code>
        </details>
      );
  }
}

function Figures({ exchange: { firstTextMs, totalMs, usage } }: { readonly exchange: Exchange }) {
  const { t } = useTranslation('chat');
  if (totalMs === undefined || usage === undefined) return null;
  return (
    <Text size="xs" c="dimmed">
      {t('figures', {
        first: firstTextMs === undefined ? '–' : formatDuration(firstTextMs),
        total: formatDuration(totalMs),
        input: formatTokens(usage.inputTokens),
        output: formatTokens(usage.outputTokens),
      })}
    </Text>
  );
}
