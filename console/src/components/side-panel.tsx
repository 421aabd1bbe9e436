/** Details beside a list. The panel is a route of its own, so its address can be sent to a colleague. */
import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface SidePanelProps {
  readonly title: ReactNode;
  /** Goes back to the list. */
  readonly close: () => void;
  readonly children: ReactNode;
  /** Pixels. */
  readonly width?: number;
}

export function SidePanel({ title, close, children, width = 560 }: SidePanelProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={width}
      title={title}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
      styles={{ content: { background: 'var(--surface)' }, header: { background: 'var(--surface)' } }}
    >
      {children}
    </Drawer>
  );
}
