/** The proxy of an account, with a test of what stands in the field. */
import { Button, Group, Text, TextInput } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Account, type TestedProxy, testProxy } from '../../api/accounts.ts';
import { formatDuration } from '../../components/numbers.ts';

interface ProxyFieldProps {
  readonly account: Account;
  readonly value: string;
  readonly setValue: (value: string) => void;
}

/** As the gateway takes it. */
export function proxyOf(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

export function ProxyField({ account, value, setValue }: ProxyFieldProps) {
  const { t } = useTranslation('accounts');
  const [tested, setTested] = useState<TestedProxy | Error | undefined>();
  const [isTesting, setIsTesting] = useState(false);
  const test = async () => {
    setIsTesting(true);
    setTested(undefined);
    // A masked password must not be sent back as one.
    const proxy = value === (account.proxy ?? '') ? undefined : proxyOf(value);
    setTested(await testProxy(account.id, proxy).catch((cause: unknown) => toError(cause)));
    setIsTesting(false);
  };
  return (
    <div>
      <Group align="flex-end" wrap="nowrap" gap="xs">
        <TextInput
          label={t('form.proxy')}
          description={t('form.proxyHint')}
          value={value}
          onChange={({ currentTarget }) => {
            setValue(currentTarget.value);
            setTested(undefined);
          }}
          style={{ flex: 1 }}
        />
        <Button variant="default" onClick={test} loading={isTesting}>
          {t('proxyTest.button')}
        </Button>
      </Group>
      <div role="status">{tested && <Result tested={tested} />}</div>
    </div>
  );
}

function Result({ tested }: { readonly tested: TestedProxy | Error }) {
  const { t } = useTranslation('accounts');
  const problem = tested instanceof Error ? tested.message : tested.error?.message;
  const Icon = problem === undefined ? IconCircleCheck : IconCircleX;
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" mt={6}>
      <Icon
        size={17}
        color={problem === undefined ? 'var(--good)' : 'var(--bad)'}
        aria-hidden
        style={{ flex: 'none' }}
      />
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {tested instanceof Error || problem !== undefined
          ? t('proxyTest.failed', { problem })
          : t('proxyTest.works', { host: new URL(tested.origin).host, time: formatDuration(tested.durationMs) })}
      </Text>
    </Group>
  );
}

function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
