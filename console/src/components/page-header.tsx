/** The title of a page, in the top bar and in the browser's tab, and the page's actions below it. */
import { Group, Text } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

interface PageHeaderProps {
  readonly title: string;
  /** One sentence under the top bar. */
  readonly lead?: ReactNode;
  /** Buttons. */
  readonly children?: ReactNode;
}

export function PageHeader({ title, lead, children }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · dragoman`;
  }, [title]);
  return (
    <>
      <h1 className="visually-hidden">{title}</h1>
      {(lead !== undefined || children !== undefined) && (
        <Group justify="space-between" align="flex-start" gap="sm" mb="md">
          <Text c="dimmed" maw={720} style={{ flex: '1 1 280px' }}>
            {lead}
          </Text>
          <Group gap="xs">{children}</Group>
        </Group>
      )}
    </>
  );
}
