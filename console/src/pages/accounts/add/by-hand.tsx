/** Adding an account by its credential. */
import { Button, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewAccountBody } from '../../../../../src/http/admin/contract/account.ts';
import { addAccount } from '../../../api/accounts.ts';
import { ApiError } from '../../../api/error.ts';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { announce } from '../../../components/undo.tsx';

type Kind = NonNullable<NewAccountBody['kind']>;
type Field =
  | 'refreshToken'
  | 'clientId'
  | 'clientSecret'
  | 'tokenEndpoint'
  | 'apiKey'
  | 'awsProfile'
  | 'startUrl'
  | 'region';

/** What each kind needs. */
const FIELDS: Record<Kind, readonly Field[]> = {
  'builder-id': ['refreshToken', 'clientId', 'clientSecret', 'region'],
  idc: ['refreshToken', 'clientId', 'clientSecret', 'startUrl', 'region'],
  social: ['refreshToken', 'region'],
  'external-idp': ['refreshToken', 'clientId', 'tokenEndpoint', 'region'],
  'api-key': ['apiKey', 'region'],
  iam: ['awsProfile', 'region'],
};
const SECRETS: ReadonlySet<Field> = new Set(['refreshToken', 'clientSecret', 'apiKey']);
const KINDS = Object.keys(FIELDS) as Kind[];

export function ByHand({ close }: { readonly close: () => void }) {
  const { t } = useTranslation('accounts');
  const [kind, setKind] = useState<Kind>('builder-id');
  const [label, setLabel] = useState('');
  const [values, setValues] = useState<Partial<Record<Field, string>>>({});
  const [problem, setProblem] = useState<Error | undefined>();
  const [isSending, setIsSending] = useState(false);
  const faulty = problem instanceof ApiError ? problem.param : undefined;
  const names: Record<Field, string> = {
    refreshToken: t('byHand.refreshToken'),
    clientId: t('byHand.clientId'),
    clientSecret: t('byHand.clientSecret'),
    tokenEndpoint: t('byHand.tokenEndpoint'),
    apiKey: t('byHand.apiKey'),
    awsProfile: t('byHand.awsProfile'),
    startUrl: t('signIn.startUrl'),
    region: t('signIn.region'),
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsSending(true);
    setProblem(undefined);
    const filled = FIELDS[kind].flatMap((field) => {
      const value = values[field]?.trim();
      return value ? [[field, value]] : [];
    });
    try {
      const added = await addAccount({
        kind,
        ...Object.fromEntries(filled),
        ...(label.trim() && { label: label.trim() }),
      });
      announce(t('byHand.added', { label: added.label }));
      close();
    } catch (cause) {
      setProblem(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setIsSending(false);
    }
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Text size="sm" c="dimmed">
          {t('byHand.lead')}
        </Text>
        {problem && <ErrorNotice error={problem} />}
        <Select
          label={t('byHand.kind')}
          data={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
          value={kind}
          onChange={(value) => setKind((value ?? 'builder-id') as Kind)}
          allowDeselect={false}
        />
        {FIELDS[kind].map((field) => {
          const Input = SECRETS.has(field) ? PasswordInput : TextInput;
          return (
            <Input
              key={field}
              label={names[field]}
              description={field === 'awsProfile' ? t('byHand.awsProfileHint') : undefined}
              value={values[field] ?? ''}
              onChange={({ currentTarget }) => setValues({ ...values, [field]: currentTarget.value })}
              error={faulty === field}
              autoComplete="off"
            />
          );
        })}
        <TextInput
          label={t('form.label')}
          value={label}
          onChange={({ currentTarget }) => setLabel(currentTarget.value)}
        />
        <div>
          <Button type="submit" loading={isSending}>
            {t('byHand.submit')}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
