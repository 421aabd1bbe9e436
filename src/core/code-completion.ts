/** Code to be completed at the cursor: the neutral form of what an editor asks for while somebody types. */
import type { OutputLimits } from './conversation.ts';

export interface CodeCompletion {
  /** As the client wrote it. */
  readonly model: string;
  /** Everything before the cursor, and after it. */
  readonly prefix: string;
  readonly suffix: string;
  /** Paths of the two in the client's request. */
  readonly at: { readonly prefix: string; readonly suffix: string };
  /** Where the client says what kind of file it is; otherwise the code has to tell. */
  readonly fileName: string | undefined;
  readonly language: string | undefined;
  /** Pieces of other files which the client thinks related, the most related last. */
  readonly related: readonly RelatedCode[];
  /** How many different completions are wanted, at most. */
  readonly choices: number;
  readonly limits: Omit<OutputLimits, 'format'>;
}

export interface RelatedCode {
  readonly fileName: string;
  readonly text: string;
}
