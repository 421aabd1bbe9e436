/** Errors about models that do not exist: with the requested name, the reason, and names that may have been meant. */
import { closestTo } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import { tokensOfName } from '../core/model-name.ts';
import type { Catalogue } from '../core/models.ts';

/** For names of families that the service does not have, if the default model must not answer for them. */
export function refuseUnknownName(requested: string, catalogue: Catalogue): GatewayError {
  const what = `The service has no model named ${quote(requested)}.`;
  return new GatewayError('unknown_model', `${what}${suggestModels(requested, catalogue)}`, { param: 'model' });
}

/** Adds the requested name and suggestions to the service's own refusal, which names no model. */
export function explainUnknownModel(refusal: GatewayError, requested: string, catalogue: Catalogue): GatewayError {
  const { message, upstream, param } = refusal;
  const explained = `${quote(requested)}: ${message}${suggestModels(requested, catalogue)}`;
  return new GatewayError('unknown_model', explained, { upstream, param, cause: refusal });
}

const MAX_SUGGESTIONS = 5;

/**
 * A sentence with a leading space, suggesting the models with the most similar spelling, else those that share the most
 * words with the name, else the first of the list. Empty if the catalogue is empty.
 */
export function suggestModels(requested: string, { models }: Catalogue): string {
  const close = closestTo(
    requested,
    models.map(({ id }) => id),
  );
  if (close.length > 0) return ` Did you mean ${close.slice(0, MAX_SUGGESTIONS).join(', ')}?`;
  const words = tokensOfName(requested).filter(isDistinctive);
  const sharedWith = (id: string) => tokensOfName(id).filter((token) => words.includes(token)).length;
  const ranked = models.map(({ id }) => ({ id, shared: sharedWith(id) })).toSorted((a, b) => b.shared - a.shared);
  const [best] = ranked;
  if (!best) return '';
  const ids = ranked.filter(({ shared }) => shared === best.shared).slice(0, MAX_SUGGESTIONS);
  const list = ids.map(({ id }) => id).join(', ');
  return best.shared === 0 ? ` Models of this account include: ${list}.` : ` Did you mean ${list}?`;
}

/** Excludes digits and single letters, which occur in too many names. */
function isDistinctive(token: string): boolean {
  return /^[a-z]{2,}/.test(token);
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, MAX_NAME_CHARS));
}

const MAX_NAME_CHARS = 100;
