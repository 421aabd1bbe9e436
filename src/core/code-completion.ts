/** The neutral form of an editor's request for inline completions at the cursor. */
import type { OutputLimits } from './conversation.ts';

export interface CodeCompletion {
  /** As the client wrote it. */
  readonly model: string;
  /** Everything before the cursor, and after it. */
  readonly prefix: string;
  readonly suffix: string;
  /** Paths of the two in the client's request. */
  readonly at: { readonly prefix: string; readonly suffix: string };
  /** The file name, if the client sends it; otherwise the language is inferred from the code. */
  readonly fileName: string | undefined;
  readonly language: string | undefined;
  /** Related pieces of other files, the most relevant last. */
  readonly related: readonly RelatedCode[];
  /** The maximum number of different completions. */
  readonly choices: number;
  readonly limits: Omit<OutputLimits, 'format'>;
}

export interface RelatedCode {
  readonly fileName: string;
  readonly text: string;
}
