/** The live catalogue in the caller's dialect. */
import type { Catalogue } from '../core/models.ts';
import type { Dialect } from './paths.ts';

export function answerModels(catalogue: Catalogue, _dialect: Dialect, _query: unknown): unknown {
  return catalogue;
}
export function answerModel(catalogue: Catalogue, _dialect: Dialect, _id: string): unknown {
  return catalogue;
}
