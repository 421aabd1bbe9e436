/** The facts of a request: in one line, and in full. */
import { Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { RequestDetail } from '../../api/requests.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Facts } from '../../components/facts.tsx';
import { formatDuration, formatTime } from '../../components/numbers.ts';
import { modelText, PROTOCOLS } from './names.ts';
import { Outcome } from './outcome.tsx';
import classes from './request-panel.module.css';

interface RequestProps {
  readonly request: RequestDetail;
}

export function Summary({ request }: RequestProps) {
  const { client, clientVersion, protocol } = request;
  const program = client === 'unknown' ? undefined : [client, clientVersion].filter((part) => part !== null).join(' ');
  return (
    <div className={classes.summary}>
      <Outcome {...request} />
      <span>{formatDuration(request.durationMs)}</span>
      {[
        modelText(request.model, request.answeredModel),
        protocol === null ? undefined : (PROTOCOLS[protocol] ?? protocol),
        program,
      ]
        .filter((text) => text !== undefined)
        .map((text) => (
          <span key={text}>{text}</span>
        ))}
    </div>
  );
}

export function RequestFacts({ request }: RequestProps) {
  const { t } = useTranslation('requests');
  const { key, keyName, account, accountLabel, upstreamIds, conversationId, responseTo, text } = request;
  const code = (value: string | null) => value && <code>{value}</code>;
  return (
    <section>
      <Title order={2} mb="xs">
        {t('panel.details')}
      </Title>
      <Facts
        facts={[
          { name: t('facts.time'), value: formatTime(request.time) },
          { name: t('facts.route'), value: code(`${request.method} ${request.path}`) },
          { name: t('facts.kind'), value: t(`kind.${request.kind}`) },
          { name: t('facts.stream'), value: t(request.stream ? 'facts.streamed' : 'facts.whole') },
          {
            name: t('columns.key'),
            value:
              key &&
              (keyName ? (
                <Link to="/keys/$keyId" params={{ keyId: key }}>
                  {keyName}
                </Link>
              ) : (
                key
              )),
          },
          {
            name: t('columns.account'),
            value: account && <Link to="/accounts">{accountLabel ?? account}</Link>,
          },
          { name: t('facts.profile'), value: code(request.wireProfile) },
          { name: t('facts.conversation'), value: code(conversationId) },
          { name: t('facts.upstreamIds'), value: upstreamIds.length > 0 ? code(upstreamIds.join(', ')) : null },
          {
            name: t('facts.responseTo'),
            value: responseTo && (
              <Link to="/requests/$requestId" params={{ requestId: responseTo }}>
                {responseTo}
              </Link>
            ),
          },
        ]}
      />
      {text && (
        <>
          <CodeBlock code={text.request} label={t('facts.requestText')} />
          <CodeBlock code={text.reply} label={t('facts.replyText')} />
        </>
      )}
    </section>
  );
}
