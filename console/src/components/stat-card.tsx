/** One figure with its name, and room for a small chart or a bar. */
import { Paper, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './stat-card.module.css';

interface StatCardProps {
  readonly label: string;
  /** Undefined while it is loaded. */
  readonly value: ReactNode;
  /** The exact figure, on hover. */
  readonly exact?: string | undefined;
  readonly note?: ReactNode;
  readonly children?: ReactNode;
}

export function StatCard({ label, value, exact, note, children }: StatCardProps) {
  return (
    <Paper component="section" className={classes.card} aria-label={label}>
      <div className={classes.label}>{label}</div>
      {value === undefined ? (
        <Skeleton height={32} width="60%" />
      ) : (
        <div className={classes.value} title={exact}>
          {value}
        </div>
      )}
      {note !== undefined && <div className={classes.note}>{note}</div>}
      {children}
    </Paper>
  );
}
