/** Code or a log in a box of its own, with a button that copies it. */
import { Text } from '@mantine/core';
import classes from './code-block.module.css';
import { CopyButton } from './copy-button.tsx';

interface CodeBlockProps {
  readonly code: string;
  /** What it is, above it and for the accessible names. */
  readonly label: string;
  /** Shown above the code. */
  readonly title?: string;
}

export function CodeBlock({ code, label, title }: CodeBlockProps) {
  return (
    <figure className={classes.block}>
      <figcaption className={classes.caption}>
        <Text size="xs" c="dimmed" truncate>
          {title ?? label}
        </Text>
        <CopyButton text={code} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard must be able to scroll it */}
      <section className={classes.code} tabIndex={0} aria-label={label}>
        <pre>
          <code>{code}</code>
        </pre>
      </section>
    </figure>
  );
}
