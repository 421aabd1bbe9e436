/** A page to send to a colleague: pick a client, copy its set-up. */
import { Anchor, PasswordInput, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clientModelsQuery } from '../../api/guest.ts';
import { modelsQuery } from '../../api/models.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { useSession } from '../../session/session.ts';
import { CLIENTS } from './clients.ts';
import classes from './connect.module.css';
import { Setup } from './setup.tsx';

/** Until the catalogue is read, and without an account. */
const USUAL_MODEL = 'claude-sonnet-4.5';

export function ConnectPage() {
  const { t } = useTranslation('connect');
  const { t: shell } = useTranslation('shell');
  const { client: clientId = 'claude-code' } = useSearch({ from: '/connect' });
  const [typedKey, setTypedKey] = useState('');
  // Read with it when it is complete: a request for each letter would count as guesses.
  const [enteredKey, setEnteredKey] = useState('');
  const [chosenModel, setChosenModel] = useState<string | null>(null);
  const { ids, isLocal, isSignedIn } = useGateway(enteredKey);
  const model = chosenModel ?? (ids.includes(USUAL_MODEL) ? USUAL_MODEL : (ids[0] ?? USUAL_MODEL));
  const baseUrl = location.origin;
  const name = CLIENTS.find(({ id }) => id === clientId)?.name ?? clientId;
  return (
    <>
      <PageHeader title={shell('pages.connect')} lead={t('lead')} />
      <div className={classes.layout}>
        <nav className={classes.clients} aria-label={t('client')}>
          {CLIENTS.map(({ id, name: each }) => (
            <Link
              key={id}
              to="/connect"
              search={{ client: id }}
              className={classes.client}
              {...(id === clientId && { 'aria-current': 'true' })}
            >
              {each}
            </Link>
          ))}
        </nav>
        <Stack gap="lg">
          <div className={classes.values}>
            <TextInput
              label={t('baseUrl')}
              value={baseUrl}
              readOnly
              rightSection={<CopyButton text={baseUrl} label={`${t('copyAll')}: ${t('baseUrl')}`} />}
            />
            <Select
              label={t('model')}
              data={ids.includes(model) ? ids : [model, ...ids]}
              value={model}
              onChange={setChosenModel}
              allowDeselect={false}
              searchable
            />
            <PasswordInput
              label={t('key')}
              placeholder={t('keyPlaceholder')}
              value={typedKey}
              onChange={({ currentTarget }) => setTypedKey(currentTarget.value)}
              onBlur={() => setEnteredKey(typedKey.trim())}
              description={isLocal ? t('keyLocal') : t('keyNeeded')}
              inputWrapperOrder={['label', 'input', 'description']}
              autoComplete="off"
            />
          </div>
          {isSignedIn && !isLocal && (
            <Text size="sm">
              <Anchor component={Link} to="/keys">
                {t('createKey')}
              </Anchor>
            </Text>
          )}
          <section aria-label={name}>
            <Title order={2} mb="sm">
              {name}
            </Title>
            <Setup
              clientId={clientId}
              baseUrl={baseUrl}
              model={model}
              clientKey={typedKey.trim() || (isLocal ? 'local' : 'YOUR_KEY')}
            />
          </section>
        </Stack>
      </div>
    </>
  );
}

/** Models, and whether a key is needed: from the admin API, or for a reader without a session from the client API. */
function useGateway(clientKey: string): {
  readonly ids: readonly string[];
  readonly isLocal: boolean;
  readonly isSignedIn: boolean;
} {
  const { data: session } = useSession();
  const isSignedIn = session !== null && session !== undefined;
  const { data: catalogue } = useQuery({ ...modelsQuery, enabled: isSignedIn });
  const { data: listed } = useQuery({ ...clientModelsQuery(clientKey), enabled: !isSignedIn });
  if (!isSignedIn) return { ids: listed ?? [], isLocal: clientKey === '' && listed !== undefined, isSignedIn };
  return {
    ids: catalogue?.models.map(({ id }) => id) ?? [],
    isLocal: !session.needsKey,
    isSignedIn,
  };
}
