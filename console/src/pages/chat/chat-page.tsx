/** Chat through any of the three APIs, with what the gateway did beside it. */
import { Stack } from '@mantine/core';
import { IconMessage2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/error.ts';
import { modelsQuery } from '../../api/models.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { LinkButton } from '../../components/link-button.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import classes from './chat.module.css';
import { Composer } from './composer.tsx';
import { Inspector } from './inspector.tsx';
import { Thread } from './thread.tsx';
import { Toolbar } from './toolbar.tsx';
import { type ProtocolName, useChat } from './use-chat.ts';

export function ChatPage() {
  const { t } = useTranslation('chat');
  const { t: shell } = useTranslation('shell');
  const { hello, model: wanted } = useSearch({ from: '/chat' });
  const { data: catalogue, error: catalogueError } = useQuery(modelsQuery);
  const [chosenModel, setModel] = useState<string | undefined>(wanted);
  const [protocol, setProtocol] = useState<ProtocolName>('chat');
  const [effort, setEffort] = useState<string | undefined>();
  const [withTool, setWithTool] = useState(false);
  const models = catalogue?.models ?? [];
  const model = chosenModel ?? catalogue?.defaultModelId ?? models[0]?.id ?? 'auto';
  const efforts = models.find(({ id }) => id === model)?.efforts ?? [];
  const usedEffort = effort !== undefined && (effort === 'none' || efforts.includes(effort)) ? effort : undefined;
  const chat = useChat(protocol, { model, effort: usedEffort, withTool });
  const exchanges = chat.entries.flatMap((entry) => entry.exchange ?? []);
  const isWithoutAccount = catalogueError instanceof ApiError && catalogueError.code === 'no_account';
  return (
    <>
      <PageHeader title={shell('pages.chat')} />
      <div className={classes.layout}>
        <section className={classes.chat} aria-label={shell('pages.chat')}>
          <Toolbar
            {...{ models, model, setModel, protocol, setProtocol, efforts, setEffort, withTool, setWithTool }}
            effort={usedEffort}
            clear={chat.entries.length > 0 ? chat.clear : undefined}
          />
          <div className={classes.scroll} data-may-scroll>
            {isWithoutAccount ? (
              <EmptyState icon={IconMessage2} title={t('noAccount')} text={t('noAccountText')}>
                <LinkButton to="/accounts">{t('addAccount')}</LinkButton>
              </EmptyState>
            ) : chat.entries.length === 0 ? (
              <EmptyState icon={IconMessage2} title={t('empty')} text={t('lead')} />
            ) : (
              <Stack gap="md">
                <Thread entries={chat.entries} isAnswering={chat.isAnswering} />
                {chat.error && <ErrorNotice error={chat.error} />}
              </Stack>
            )}
          </div>
          <Composer
            initial={hello ? t('hello') : ''}
            isAnswering={chat.isAnswering}
            ask={chat.ask}
            stop={chat.stop}
            isDisabled={isWithoutAccount}
          />
        </section>
        <Inspector exchange={exchanges.at(-1)} />
      </div>
    </>
  );
}
