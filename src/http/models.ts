/** The live catalogue in the caller's dialect. */
import { GatewayError } from '../core/errors.ts';
import type { Catalogue, Model } from '../core/models.ts';
import {
  type ModelsQuery,
  writeAnthropicModel,
  writeAnthropicModels,
  writeOpenAiModel,
  writeOpenAiModels,
} from '../protocols/models.ts';
import type { Dialect } from './paths.ts';

/** Which model of the catalogue a client's name means, aliases included. */
export type ResolveModel = (requested: string, catalogue: Catalogue) => Model | undefined;

/** Throws `invalid_request` for a query which Anthropic would refuse too. */
export function answerModels(catalogue: Catalogue, dialect: Dialect, query: unknown): object {
  return dialect === 'openai' ? writeOpenAiModels(catalogue) : writeAnthropicModels(catalogue, modelsQuery(query));
}

/** Under the name it was asked for by. Throws `unknown_model`. */
export function answerModel(catalogue: Catalogue, dialect: Dialect, id: string, resolve: ResolveModel): object {
  const model = resolve(id, catalogue);
  if (!model) {
    const known = catalogue.models.map((listed) => listed.id).join(', ');
    throw new GatewayError(
      'unknown_model',
      `The model ${JSON.stringify(id.slice(0, 100))} is not in the catalogue: ${known}.`,
      {
        param: 'model',
      },
    );
  }
  const named = { ...model, id };
  return dialect === 'openai' ? writeOpenAiModel(named) : writeAnthropicModel(named);
}

function modelsQuery(query: unknown): ModelsQuery {
  const given: Readonly<Record<string, unknown>> = typeof query === 'object' && query !== null ? { ...query } : {};
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return { limit: text(given.limit), before_id: text(given.before_id), after_id: text(given.after_id) };
}
