/** A state as a word with an icon: colour alone would tell nothing to some readers. */
import { IconAlertTriangle, IconCircleCheck, IconCircleMinus, IconCircleX, IconClock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './status-badge.module.css';

const TONES = {
  good: IconCircleCheck,
  waiting: IconClock,
  warn: IconAlertTriangle,
  bad: IconCircleX,
  off: IconCircleMinus,
} as const;

export type Tone = keyof typeof TONES;

export function StatusBadge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  const Icon = TONES[tone];
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={15} stroke={2} aria-hidden />
      {children}
    </span>
  );
}
