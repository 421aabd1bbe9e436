/** What a client learns when its model does not exist: the name it sent, why, and which names it may have meant. */
import { closestTo } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import { tokensOfName } from '../core/model-name.ts';
import type { Catalogue } from '../core/models.ts';

/** A name of no family the service has, where the operator does not want the default model to answer for it. */
export function refuseUnknownName(requested: string, catalogue: Catalogue): GatewayError {
  const what = `The service has no model named ${quote(requested)}.`;
  return new GatewayError('unknown_model', `${what}${suggestModels(requested, catalogue)}`, { param: 'model' });
}

/** The service's own refusal, which names no model. */
export function explainUnknownModel(refusal: GatewayError, requested: string, catalogue: Catalogue): GatewayError {
  const { message, upstream, param } = refusal;
  const explained = `${quote(requested)}: ${message}${suggestModels(requested, catalogue)}`;
  return new GatewayError('unknown_model', explained, { upstream, param, cause: refusal });
}

const MAX_SUGGESTIONS = 5;

/**
 * A sentence with a leading space: the listed models spelled almost like the name, else those that share the most words
 * with it, else the first of the list. Empty if the catalogue is.
 */
export function suggestModels(requested: string, { models }: Catalogue): string {
  const close = closestTo(
    requested,
    models.map(({ id }) => id),
  );
  if (close.length > 0) return ` Did you mean ${close.slice(0, MAX_SUGGESTIONS).join(', ')}?`;
  const words = tokensOfName(requested).filter(isTelling);
  const sharedWith = (id: string) => tokensOfName(id).filter((token) => words.includes(token)).length;
  const ranked = models.map(({ id }) => ({ id, shared: sharedWith(id) })).toSorted((a, b) => b.shared - a.shared);
  const [best] = ranked;
  if (!best) return '';
  const ids = ranked.filter(({ shared }) => shared === best.shared).slice(0, MAX_SUGGESTIONS);
  const list = ids.map(({ id }) => id).join(', ');
  return best.shared === 0 ? ` This account has, among others: ${list}.` : ` Did you mean ${list}?`;
}

/** Digits and single letters are in too many names. */
function isTelling(token: string): boolean {
  return /^[a-z]{2,}/.test(token);
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, MAX_NAME_CHARS));
}

const MAX_NAME_CHARS = 100;
