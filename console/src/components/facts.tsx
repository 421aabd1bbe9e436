/** Names and values of one thing, as a list of definitions. What has no value is left out. */
import type { ReactNode } from 'react';
import classes from './facts.module.css';

interface FactsProps {
  /** In the reader's language; a value of null or undefined is left out. */
  readonly facts: readonly { readonly name: string; readonly value: ReactNode }[];
}

export function Facts({ facts }: FactsProps) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(({ value }) => value !== null && value !== undefined)
        .map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
