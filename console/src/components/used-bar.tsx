/** How much of a limit is used. The figures stand beside it, so the bar has a name only. */
import { Progress } from '@mantine/core';

interface UsedBarProps {
  readonly used: number;
  readonly limit: number;
  /** Accessible name. */
  readonly name: string;
  /** Pixels. */
  readonly height?: number;
}

/** From here on a reader should plan ahead. */
const SCARCE = 0.8;

export function UsedBar({ used, limit, name, height = 8 }: UsedBarProps) {
  const share = limit > 0 ? Math.min(1, used / limit) : 1;
  const color = share >= 1 ? 'var(--bad)' : share >= SCARCE ? 'var(--warn)' : 'var(--mantine-primary-color-filled)';
  return (
    <Progress.Root size={height} bg="var(--neutral-soft)">
      <Progress.Section value={share * 100} color={color} aria-label={name} />
    </Progress.Root>
  );
}
