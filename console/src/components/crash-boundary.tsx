/** Catches what a page throws: says what to do, and keeps the rest of the console usable. */
import { Button, Code, Stack, Text, Title } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface CrashBoundaryProps {
  readonly children: ReactNode;
}

export class CrashBoundary extends Component<CrashBoundaryProps, { readonly error: Error | undefined }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error: toError(error) };
  }

  override render() {
    const { error } = this.state;
    return error === undefined ? this.props.children : <CrashNotice error={error} />;
  }
}

/** Anything can be thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export function CrashNotice({ error }: { readonly error: Error }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" p="lg" maw={680} role="alert">
      <Title order={1}>{t('error.crashTitle')}</Title>
      <Text>{t('error.crashHelp')}</Text>
      <div>
        <Button onClick={() => location.reload()}>{t('actions.reload')}</Button>
      </div>
      <Text size="sm" c="dimmed">
        {t('error.crashDetails')}
      </Text>
      <Code block tabIndex={0}>
        {error.stack ?? error.message}
      </Code>
    </Stack>
  );
}
