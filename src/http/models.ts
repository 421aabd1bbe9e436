/** The live catalogue, in one form for the clients of both vendors. */
import { GatewayError } from '../core/errors.ts';
import type { Catalogue, Model } from '../core/models.ts';
import { suggestModels } from '../gateway/unknown-model.ts';
import { writeCodexModels } from '../protocols/codex-models.ts';
import { type ModelsQuery, writeModel, writeModels } from '../protocols/models.ts';

/** Which model of the catalogue a client's name means, aliases included. */
export type ResolveModel = (requested: string, catalogue: Catalogue) => Model | undefined;

/** Throws `invalid_request` for a query that Anthropic's API would refuse. */
export function answerModels(catalogue: Catalogue, query: unknown): object {
  const { clientVersion, ...page } = modelsQuery(query);
  const list = writeModels(catalogue, page);
  // Only Codex sends its version, and its entries are long.
  return clientVersion === undefined ? list : { ...list, models: writeCodexModels(catalogue) };
}

/** Under the requested name. Throws `unknown_model`. */
export function answerModel(catalogue: Catalogue, id: string, resolve: ResolveModel): object {
  const model = resolve(id, catalogue);
  if (!model) {
    const message = `The model ${JSON.stringify(id.slice(0, 100))} is not in the catalogue.${suggestModels(id, catalogue)}`;
    throw new GatewayError('unknown_model', message, { param: 'model' });
  }
  return writeModel({ ...model, id });
}

function modelsQuery(query: unknown): ModelsQuery & { readonly clientVersion: string | undefined } {
  const given: Readonly<Record<string, unknown>> = typeof query === 'object' && query !== null ? { ...query } : {};
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    limit: text(given.limit),
    before_id: text(given.before_id),
    after_id: text(given.after_id),
    clientVersion: text(given.client_version),
  };
}
