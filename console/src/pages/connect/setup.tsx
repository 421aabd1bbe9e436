/** The set-up of one client: every piece with a button that copies it. Pages that show a new key use it too. */
import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { CLIENTS, type ConnectContext, type SetupStep } from './clients.ts';
import classes from './connect.module.css';

interface SetupProps extends ConnectContext {
  readonly clientId: string;
}

export function Setup({ clientId, ...context }: SetupProps) {
  const { t } = useTranslation('connect');
  const client = CLIENTS.find(({ id }) => id === clientId);
  if (!client) return null;
  const fields = {
    cursor: t('cursorFields', { returnObjects: true }),
    openWebui: t('openWebuiFields', { returnObjects: true }),
  };
  const steps = client.steps(context, fields);
  return (
    <Stack>
      {client.note && <Text size="sm">{t(`notes.${client.note}`)}</Text>}
      {steps.some(({ type }) => type === 'field') && (
        <Text size="sm" c="dimmed">
          {t('inSettings')}
        </Text>
      )}
      {steps.map((step) => (
        <Step key={step.type === 'field' ? step.name : step.code} step={step} clientName={client.name} />
      ))}
    </Stack>
  );
}

function Step({ step, clientName }: { readonly step: SetupStep; readonly clientName: string }) {
  const { t } = useTranslation('connect');
  if (step.type === 'field')
    return (
      <Group justify="space-between" wrap="nowrap" className={classes.field}>
        <div style={{ minWidth: 0 }}>
          <Text size="xs" c="dimmed">
            {step.name}
          </Text>
          <Text component="code" size="sm" style={{ overflowWrap: 'anywhere' }}>
            {step.value}
          </Text>
        </div>
        <CopyButton text={step.value} label={`${t('copyAll')}: ${step.name}`} />
      </Group>
    );
  const title = step.type === 'file' ? t('inFile', { file: step.file }) : t('inTerminal');
  return <CodeBlock code={step.code} label={`${clientName}: ${title}`} title={title} />;
}
