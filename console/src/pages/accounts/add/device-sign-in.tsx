/** Signing in by a code: choose how, confirm in any browser, and the page continues by itself. */
import { Button, Group, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconCircleCheck, IconExternalLink } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account, SignInOptions } from '../../../api/accounts.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { LinkButton } from '../../../components/link-button.tsx';
import { formatCountdown } from '../../../components/numbers.ts';
import classes from '../accounts.module.css';
import { QrCode } from './qr-code.tsx';
import { type PendingSignIn, useDeviceSignIn } from './use-device-sign-in.ts';

const WAYS = ['builder-id', 'idc', 'google', 'github'] as const;
type Way = (typeof WAYS)[number];

interface DeviceSignInProps {
  /** Signs this account in again. */
  readonly account?: Account | undefined;
  readonly close: () => void;
}

export function DeviceSignIn({ account, close }: DeviceSignInProps) {
  const { t } = useTranslation('accounts');
  const signIn = useDeviceSignIn();
  const { step } = signIn;
  switch (step.name) {
    case 'choose':
      return (
        <Stack>
          {step.error && <ErrorNotice error={step.error} />}
          <ChooseWay account={account} start={signIn.start} isStarting={step.isStarting} />
        </Stack>
      );
    case 'pending':
      return <Confirm signIn={step.signIn} leftMs={step.leftMs} />;
    case 'choose-profile':
      return <ChooseProfile profiles={step.profiles} use={signIn.useProfile} />;
    case 'ended':
      return (
        <Stack>
          <Text role="alert">{t(step.denied ? 'signIn.denied' : 'signIn.expired')}</Text>
          <div>
            <Button onClick={signIn.restart}>{t('signIn.again')}</Button>
          </div>
        </Stack>
      );
    case 'done':
      return <Done label={step.label} close={close} />;
  }
}

interface ChooseWayProps extends Pick<DeviceSignInProps, 'account'> {
  readonly start: (options: SignInOptions) => void;
  readonly isStarting: boolean;
}

function ChooseWay({ account, start, isStarting }: ChooseWayProps) {
  const { t } = useTranslation('accounts');
  const [way, setWay] = useState<Way>(wayOf(account));
  const [startUrl, setStartUrl] = useState(account?.startUrl ?? '');
  const [region, setRegion] = useState(account?.region ?? 'us-east-1');
  const submit = () => {
    const replaced = account === undefined ? {} : { accountId: account.id };
    if (way === 'idc') start({ startUrl, region, ...replaced });
    else if (way === 'builder-id') start(replaced);
    else start({ social: way, ...replaced });
  };
  const names: Record<Way, string> = {
    'builder-id': t('kinds.builder-id'),
    idc: t('kinds.idc'),
    google: t('signIn.google'),
    github: t('signIn.github'),
  };
  return (
    <Stack>
      <Select
        label={t('signIn.how')}
        data={WAYS.map((value) => ({ value, label: names[value] }))}
        value={way}
        onChange={(value) => setWay((value ?? 'builder-id') as Way)}
        allowDeselect={false}
      />
      {way === 'idc' && (
        <>
          <TextInput
            label={t('signIn.startUrl')}
            description={t('signIn.startUrlHint')}
            value={startUrl}
            onChange={({ currentTarget }) => setStartUrl(currentTarget.value)}
          />
          <TextInput
            label={t('signIn.region')}
            value={region}
            onChange={({ currentTarget }) => setRegion(currentTarget.value)}
          />
        </>
      )}
      <div>
        <Button onClick={submit} loading={isStarting} disabled={way === 'idc' && startUrl.trim() === ''}>
          {t('signIn.start')}
        </Button>
      </div>
    </Stack>
  );
}

function wayOf(account: Account | undefined): Way {
  if (account?.kind === 'idc') return 'idc';
  return account?.kind === 'social' ? 'google' : 'builder-id';
}

function Confirm({ signIn, leftMs }: { readonly signIn: PendingSignIn; readonly leftMs: number }) {
  const { t } = useTranslation('accounts');
  const { verificationUrl, userCode } = signIn;
  return (
    <Stack>
      <Text fw={600}>{t('signIn.compare')}</Text>
      <div className={classes.device}>
        <Stack gap="xs">
          <Group gap="xs">
            <output className={classes.code} aria-label={t('signIn.code')}>
              {userCode}
            </output>
            <CopyButton text={userCode} />
          </Group>
          <Button
            component="a"
            href={verificationUrl}
            target="_blank"
            rel="noreferrer"
            leftSection={<IconExternalLink size={17} aria-hidden />}
          >
            {t('signIn.open')}
          </Button>
        </Stack>
        <figure style={{ margin: 0 }}>
          <QrCode text={verificationUrl} label={t('signIn.qr')} />
          <Text component="figcaption" size="xs" c="dimmed" mt={4}>
            {t('signIn.scan')}
          </Text>
        </figure>
      </div>
      <Text size="sm" c="dimmed">
        <span role="status">{t('signIn.waiting')}</span>{' '}
        <span role="timer" aria-live="off">
          {t('signIn.left', { time: formatCountdown(leftMs) })}
        </span>
      </Text>
    </Stack>
  );
}

interface ChooseProfileProps {
  readonly profiles: readonly { readonly arn: string; readonly name: string }[];
  readonly use: (arn: string) => void;
}

function ChooseProfile({ profiles, use }: ChooseProfileProps) {
  const { t } = useTranslation('accounts');
  const [arn, setArn] = useState(profiles[0]?.arn ?? '');
  return (
    <Stack>
      <Radio.Group label={t('signIn.choose')} value={arn} onChange={setArn}>
        <Stack gap="xs" mt="xs">
          {profiles.map((profile) => (
            <Radio key={profile.arn} value={profile.arn} label={profile.name} description={profile.arn} />
          ))}
        </Stack>
      </Radio.Group>
      <div>
        <Button onClick={() => use(arn)}>{t('signIn.use')}</Button>
      </div>
    </Stack>
  );
}

function Done({ label, close }: { readonly label: string; readonly close: () => void }) {
  const { t } = useTranslation('accounts');
  return (
    <Stack role="status">
      <Group gap="xs">
        <IconCircleCheck color="var(--good)" aria-hidden />
        <Text fw={600}>{t('signIn.done', { label })}</Text>
      </Group>
      <Group>
        <LinkButton to="/chat" search={{ hello: true }}>
          {t('signIn.hello')}
        </LinkButton>
        <LinkButton variant="default" to="/accounts" onClick={close}>
          {t('signIn.later')}
        </LinkButton>
      </Group>
    </Stack>
  );
}
