/** Where there is nothing yet: one sentence and what to do first. */
import { Stack, Text, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface EmptyStateProps {
  readonly icon: Icon;
  readonly title: string;
  readonly text?: ReactNode;
  /** A button. */
  readonly children?: ReactNode;
}

export function EmptyState({ icon: EmptyIcon, title, text, children }: EmptyStateProps) {
  return (
    <Stack align="center" gap="xs" py={56} px="md" ta="center">
      <EmptyIcon size={40} stroke={1.3} color="var(--mantine-color-dimmed)" aria-hidden />
      <Title order={2}>{title}</Title>
      {text !== undefined && (
        <Text c="dimmed" maw={460}>
          {text}
        </Text>
      )}
      {children !== undefined && <div style={{ marginTop: 8 }}>{children}</div>}
    </Stack>
  );
}
