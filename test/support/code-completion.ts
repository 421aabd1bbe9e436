/** A plain code completion. */
import type { CodeCompletion } from '../../src/core/code-completion.ts';

export function codeCompletion(more: Partial<CodeCompletion> = {}): CodeCompletion {
  return {
    model: 'some-model',
    prefix: '',
    suffix: '',
    at: { prefix: 'prompt', suffix: 'suffix' },
    fileName: undefined,
    language: undefined,
    related: [],
    choices: 1,
    limits: { maxTokens: undefined, stopSequences: [] },
    ...more,
  };
}
