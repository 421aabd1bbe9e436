/** One key: its state, limits and details, and what can be done with it. */
import { Skeleton, Stack, Text, Title } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type ClientKey, useKeysWithUse } from '../../api/client-keys.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Facts } from '../../components/facts.tsx';
import { useNow } from '../../components/now.ts';
import { formatMoment } from '../../components/numbers.ts';
import { SidePanel } from '../../components/side-panel.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useTimeRange } from '../../shell/range.ts';
import { Budgets } from './budget-bars.tsx';
import { KeyActions } from './key-actions.tsx';
import { KeyState } from './key-state.tsx';
import { KeyUse } from './key-use.tsx';
import { useLimitTexts } from './limits.ts';

export function KeyPanel() {
  const { t } = useTranslation('keys');
  const { keyId } = useParams({ strict: false });
  const navigate = useNavigate();
  const { list: data, error, refetch } = useKeysWithUse(useTimeRange());
  const key = data?.keys.find(({ id }) => id === keyId);
  const close = () => void navigate({ to: '/keys', search: (previous) => previous });
  return (
    <SidePanel title={key?.name ?? t('list')} close={close}>
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Skeleton height={240} />}
      {data && !key && <Text>{t('panel.gone')}</Text>}
      {key && <KeyDetails clientKey={key} leave={close} />}
    </SidePanel>
  );
}

function KeyDetails({ clientKey, leave }: { readonly clientKey: ClientKey; readonly leave: () => void }) {
  const { t } = useTranslation('keys');
  const limitTexts = useLimitTexts();
  const { owner, note, prefix, state, models, group, previousSecretUntil, revokedAt } = clientKey;
  const limits = limitTexts(clientKey);
  return (
    <Stack gap="lg">
      <KeyActions clientKey={clientKey} leave={leave} />
      <Budgets clientKey={clientKey} />
      <KeyUse id={clientKey.id} />
      <div>
        <Link to="/requests" search={{ key: clientKey.id }}>
          {t('panel.requests')}
        </Link>
      </div>
      <section>
        <Title order={2} mb="xs">
          {t('panel.details')}
        </Title>
        <Facts
          facts={[
            { name: t('columns.state'), value: <KeyState state={state} /> },
            { name: t('columns.key'), value: <code>{prefix}…</code> },
            { name: t('columns.owner'), value: owner },
            { name: t('form.note'), value: note },
            { name: t('columns.created'), value: <TimeAgo time={clientKey.createdAt} /> },
            {
              name: t('columns.lastUsed'),
              value: clientKey.lastUsedAt ? <TimeAgo time={clientKey.lastUsedAt} /> : t('unused'),
            },
            {
              name: t('columns.expires'),
              value: clientKey.expiresAt ? <TimeAgo time={clientKey.expiresAt} /> : t('never'),
            },
            { name: t('panel.revokedAt'), value: revokedAt && <TimeAgo time={revokedAt} /> },
            { name: t('panel.oldSecret'), value: previousSecretUntil && <OldSecret until={previousSecretUntil} /> },
          ]}
        />
      </section>
      <section>
        <Title order={2} mb="xs">
          {t('panel.limits')}
        </Title>
        <Facts
          facts={[
            { name: t('columns.limits'), value: limits.length === 0 ? t('limit.none') : limits.join(' · ') },
            { name: t('form.models'), value: models === null ? t('panel.allModels') : models.join(', ') },
            { name: t('form.group'), value: group ?? t('panel.allAccounts') },
          ]}
        />
      </section>
    </Stack>
  );
}

function OldSecret({ until }: { readonly until: string }) {
  const { t } = useTranslation('keys');
  return <>{t('panel.oldSecretUntil', { time: formatMoment(until, useNow()) })}</>;
}
