/** One account beside the list: all facts, and what can be changed. Its address is `/accounts/{id}`. */
import { Button, Group, NumberInput, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Account, accountListQuery, changeAccount } from '../../api/accounts.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { formatCount, formatTime } from '../../components/numbers.ts';
import { SidePanel } from '../../components/side-panel.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { announce } from '../../components/undo.tsx';
import classes from './accounts.module.css';
import { PlanBar } from './plan-bar.tsx';
import { ProxyField, proxyOf } from './proxy-field.tsx';
import { AccountBadge, useSkipText, useStateText } from './state.tsx';
import { WireProfile } from './wire-profile.tsx';

export function AccountPanel() {
  const { t } = useTranslation('accounts');
  const { accountId = '' } = useParams({ strict: false });
  const navigate = useNavigate();
  const { data: accounts } = useQuery(accountListQuery);
  const account = accounts?.find(({ id }) => id === accountId);
  const close = () => void navigate({ to: '/accounts' });
  return (
    <SidePanel title={account?.label ?? accountId} close={close}>
      {account !== undefined ? (
        <AccountDetails account={account} />
      ) : accounts === undefined ? (
        <Skeleton height={240} />
      ) : (
        <Text>{t('gone')}</Text>
      )}
    </SidePanel>
  );
}

function AccountDetails({ account }: { readonly account: Account }) {
  const { t } = useTranslation('accounts');
  const why = useStateText(account);
  return (
    <Stack gap="lg">
      <Stack gap={6}>
        <div>
          <AccountBadge state={account.state} />
        </div>
        {why !== undefined && <Text size="sm">{why}</Text>}
      </Stack>
      <section>
        <Title order={3} mb={6}>
          {t('plan.title')}
        </Title>
        <PlanBar usage={account.usage ?? null} />
      </section>
      <Facts account={account} />
      <AccountForm account={account} key={account.updatedAt} />
    </Stack>
  );
}

function Facts({ account }: { readonly account: Account }) {
  const { t, i18n } = useTranslation('accounts');
  const skip = useSkipText(account);
  const { type, path } = account.source;
  const isNamed = i18n.exists(`sources.${type}`, { ns: 'accounts' });
  const source = path ?? (isNamed ? t(`sources.${type}` as 'sources.environment') : type);
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [t('facts.kind'), t(`kinds.${account.kind}`)],
    [t('facts.source'), source],
    [t('facts.region'), account.region],
    [t('facts.startUrl'), account.startUrl],
    [t('facts.profile'), account.profileArn],
    [t('facts.wireProfile'), <WireProfile key="wire" account={account} />],
    [t('facts.lastSkip'), skip ?? null],
    [
      t('facts.token'),
      account.tokenExpiresAt === null
        ? t('facts.tokenNone')
        : t('facts.tokenValid', { time: formatTime(account.tokenExpiresAt) }),
    ],
    [t('facts.lastRefresh'), <TimeAgo key="refresh" time={account.last_refresh_time} />],
    [
      t('facts.requests'),
      t('facts.requestsValue', { successes: formatCount(account.successes), failures: formatCount(account.failures) }),
    ],
    [t('facts.added'), <TimeAgo key="added" time={account.createdAt} />],
    [t('facts.id'), <code key="id">{account.id}</code>],
  ];
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function AccountForm({ account }: { readonly account: Account }) {
  const { t } = useTranslation('accounts');
  const { t: common } = useTranslation();
  const [label, setLabel] = useState(account.label);
  const [priority, setPriority] = useState<number | string>(account.priority);
  const [weight, setWeight] = useState<number | string>(account.weight);
  const [groups, setGroups] = useState(account.groups.join(', '));
  const [maxConcurrency, setMaxConcurrency] = useState<number | string>(account.maxConcurrency ?? '');
  const [minIntervalMs, setMinIntervalMs] = useState<number | string>(account.minIntervalMs);
  const [proxy, setProxy] = useState(account.proxy ?? '');
  const [problem, setProblem] = useState<Error | undefined>();
  const [isSaving, setIsSaving] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsSaving(true);
    setProblem(undefined);
    try {
      await changeAccount(account.id, {
        label: label.trim(),
        priority: Number(priority),
        weight: Number(weight),
        groups: groups.split(/[,，]/).flatMap((group) => group.trim() || []),
        maxConcurrency: maxConcurrency === '' ? null : Number(maxConcurrency),
        minIntervalMs: Number(minIntervalMs),
        // A masked password must not be sent back as one.
        ...(proxy !== (account.proxy ?? '') && { proxy: proxyOf(proxy) }),
      });
      announce(t('actions.saved', { label: label.trim() }));
    } catch (cause) {
      setProblem(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setIsSaving(false);
    }
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        {problem && <ErrorNotice error={problem} />}
        <TextInput
          label={t('form.label')}
          value={label}
          onChange={({ currentTarget }) => setLabel(currentTarget.value)}
        />
        <Group grow align="flex-start">
          <NumberInput
            label={t('form.priority')}
            description={t('form.priorityHint')}
            value={priority}
            onChange={setPriority}
            allowDecimal={false}
          />
          <NumberInput
            label={t('form.weight')}
            description={t('form.weightHint')}
            value={weight}
            onChange={setWeight}
            min={1}
            allowDecimal={false}
          />
        </Group>
        <TextInput
          label={t('form.groups')}
          description={t('form.groupsHint')}
          value={groups}
          onChange={({ currentTarget }) => setGroups(currentTarget.value)}
        />
        <Group grow align="flex-start">
          <NumberInput
            label={t('form.maxConcurrency')}
            description={t('form.maxConcurrencyHint')}
            value={maxConcurrency}
            onChange={setMaxConcurrency}
            min={1}
            allowDecimal={false}
          />
          <NumberInput
            label={t('form.minInterval')}
            description={t('form.minIntervalHint')}
            value={minIntervalMs}
            onChange={setMinIntervalMs}
            min={0}
            allowDecimal={false}
          />
        </Group>
        <ProxyField account={account} value={proxy} setValue={setProxy} />
        <div>
          <Button type="submit" loading={isSaving}>
            {common('actions.save')}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
