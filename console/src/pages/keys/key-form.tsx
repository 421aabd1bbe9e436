/** The form that creates or changes a key. */
import {
  Alert,
  Autocomplete,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { accountListQuery } from '../../api/accounts.ts';
import type { ClientKey } from '../../api/client-keys.ts';
import { ApiError } from '../../api/error.ts';
import { modelsQuery } from '../../api/models.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { bodyOf, EXPIRIES, type Expiry, fieldsOf, type KeyFields } from './key-fields.ts';
import { LIMITS } from './limits.ts';

interface KeyFormProps {
  /** Undefined: a new key. */
  readonly initial: ClientKey | undefined;
  /** May reject with ApiError. */
  readonly save: (body: ReturnType<typeof bodyOf>) => Promise<unknown>;
  readonly cancel: () => void;
  /** What the reader should know before. */
  readonly notice?: string | undefined;
}

export function KeyForm({ initial, save, cancel, notice }: KeyFormProps) {
  const { t } = useTranslation(['keys', 'common']);
  const [fields, setFields] = useState(() => fieldsOf(initial));
  const [error, setError] = useState<Error | undefined>();
  const [isSaving, setIsSaving] = useState(false);
  const [isNameMissing, setIsNameMissing] = useState(false);
  const set = (change: Partial<KeyFields>) => setFields({ ...fields, ...change });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsNameMissing(fields.name.trim() === '');
    if (fields.name.trim() === '') return;
    setIsSaving(true);
    setError(undefined);
    await save(bodyOf(fields, Date.now())).catch(setError);
    setIsSaving(false);
  };
  const faulty = error instanceof ApiError ? error.param : undefined;
  const problem = (field: string) => (faulty === field ? error?.message : undefined);
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {notice && (
          <Alert color="yellow" variant="light" styles={{ message: { color: 'var(--mantine-color-text)' } }}>
            {notice}
          </Alert>
        )}
        <TextInput
          label={t('form.name')}
          description={t('form.nameHint')}
          value={fields.name}
          onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          error={isNameMissing ? t('form.nameMissing') : problem('name')}
          required
          data-autofocus
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label={t('form.owner')}
            value={fields.owner}
            onChange={({ currentTarget }) => set({ owner: currentTarget.value })}
            error={problem('owner')}
          />
          <ExpiryFields fields={fields} set={set} error={problem('expiresAt')} />
        </SimpleGrid>
        <ScopeFields fields={fields} set={set} problem={problem} />
        <LimitFields fields={fields} set={set} problem={problem} />
        <Textarea
          label={t('form.note')}
          value={fields.note}
          onChange={({ currentTarget }) => set({ note: currentTarget.value })}
          error={problem('note')}
          autosize
          minRows={1}
          maxRows={4}
        />
        {error && !isShownAtField(faulty) && <ErrorNotice error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={cancel}>
            {t('common:actions.cancel')}
          </Button>
          <Button type="submit" loading={isSaving}>
            {initial === undefined ? t('form.create') : t('common:actions.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const FIELDS: readonly string[] = ['name', 'owner', 'note', 'expiresAt', 'models', 'group', ...LIMITS];

function isShownAtField(param: string | undefined): boolean {
  return param !== undefined && FIELDS.includes(param);
}

interface PartProps {
  readonly fields: KeyFields;
  readonly set: (change: Partial<KeyFields>) => void;
}

function ExpiryFields({ fields, set, error }: PartProps & { readonly error: string | undefined }) {
  const { t } = useTranslation('keys');
  return (
    <Stack gap="xs">
      <Select
        label={t('form.expires')}
        data={EXPIRIES.map((value) => ({ value, label: t(`form.expiry.${value}`) }))}
        value={fields.expiry}
        onChange={(value) => set({ expiry: (value ?? 'never') as Expiry })}
        allowDeselect={false}
        error={fields.expiry === 'custom' ? undefined : error}
      />
      {fields.expiry === 'custom' && (
        <TextInput
          type="datetime-local"
          label={t('form.expiresAt')}
          value={fields.expiresAt}
          onChange={({ currentTarget }) => set({ expiresAt: currentTarget.value })}
          error={error}
        />
      )}
    </Stack>
  );
}

interface CheckedProps extends PartProps {
  readonly problem: (field: string) => string | undefined;
}

function ScopeFields({ fields, set, problem }: CheckedProps) {
  const { t } = useTranslation('keys');
  const { data: models } = useQuery(modelsQuery);
  const { data: accounts } = useQuery(accountListQuery);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <TagsInput
        label={t('form.models')}
        description={t('form.modelsHint')}
        placeholder={fields.models.length === 0 ? t('form.modelsExample') : undefined}
        data={models?.models.map(({ id }) => id) ?? []}
        value={[...fields.models]}
        onChange={(names) => set({ models: names })}
        error={problem('models')}
        acceptValueOnBlur
      />
      <Autocomplete
        label={t('form.group')}
        description={t('form.groupHint')}
        data={[...new Set(accounts?.flatMap(({ groups }) => groups))]}
        value={fields.group}
        onChange={(group) => set({ group })}
        error={problem('group')}
      />
    </SimpleGrid>
  );
}

function LimitFields({ fields, set, problem }: CheckedProps) {
  const { t } = useTranslation('keys');
  return (
    <Fieldset legend={t('form.limits')} variant="unstyled">
      <Text size="xs" c="dimmed" mb="xs">
        {t('form.limitsHint')}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        {LIMITS.map((name) => (
          <NumberInput
            key={name}
            label={t(`form.${name}`)}
            value={fields[name]}
            onChange={(value) => set({ [name]: value === '' ? '' : Number(value) })}
            min={0}
            allowNegative={false}
            allowDecimal={name.startsWith('credits')}
            thousandSeparator=" "
            error={problem(name)}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
