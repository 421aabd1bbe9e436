/** Why a found credential cannot be used: a code, and a message that says what its owner can do. */

export const PROBLEM_CODES = [
  'missing',
  'unreadable',
  'locked',
  'not-json',
  'unknown-shape',
  'foreign',
  'duplicate',
  'ambiguous',
  'masked',
  'truncated',
  'expired',
  'no-refresh-token',
  'no-registration',
  'no-secrets',
  'other-purpose',
  'bad-region',
  'bad-arn',
  'bad-start-url',
  'bad-token-endpoint',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

export class ImportProblem extends Error {
  override readonly name = 'ImportProblem';
  readonly code: ProblemCode;

  /** The message is for people and must not contain secrets. */
  constructor(code: ProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
