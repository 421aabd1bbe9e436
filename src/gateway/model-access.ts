/**
 * Which models a client may use. A client sees only its models: names are resolved among them, so that a name without a
 * version means the newest of its family that the client may use.
 */
import { GatewayError } from '../core/errors.ts';
import type { Catalogue } from '../core/models.ts';
import type { ResolvedModel, Upstream } from '../upstreams/upstream.ts';
import { suggestModels } from './unknown-model.ts';

type ModelResolver = Pick<Upstream, 'resolveModel'>;

export interface ChosenModel {
  /** The part of the catalogue that the client may use. */
  readonly catalogue: Catalogue;
  readonly model: ResolvedModel;
}

/** `patterns` undefined: every model. Throws `unknown_model` if the client may not use the model. */
export function chooseModel(
  requested: string,
  full: Catalogue,
  patterns: readonly string[] | undefined,
  upstream: ModelResolver,
): ChosenModel {
  if (!patterns) return { catalogue: full, model: upstream.resolveModel(requested, full) };
  const catalogue = visibleCatalogue(full, patterns, upstream);
  const model = upstream.resolveModel(requested, catalogue);
  if (!isAllowed(model, patterns) || isHidden(requested, model, full, upstream))
    throw refuseModel(requested, catalogue);
  return { catalogue, model };
}

/** A name that is not in the list is passed on to the service, so it has to match a pattern itself. */
function isAllowed({ id, model }: ResolvedModel, patterns: readonly string[]): boolean {
  return id !== undefined && (model !== undefined || matchesAny(patterns, id));
}

/** The default model must not answer for a model that the client may not use. */
function isHidden(requested: string, { match }: ResolvedModel, full: Catalogue, upstream: ModelResolver): boolean {
  return match !== 'listed' && upstream.resolveModel(requested, full).match === 'listed';
}

/** The models that match a pattern. Cached, since resolving names in a new catalogue takes longer. */
export function visibleCatalogue(full: Catalogue, patterns: readonly string[], upstream: ModelResolver): Catalogue {
  const byPatterns = VISIBLE.get(full) ?? new WeakMap<readonly string[], Catalogue>();
  VISIBLE.set(full, byPatterns);
  const visible = byPatterns.get(patterns) ?? restrict(full, patterns, upstream);
  byPatterns.set(patterns, visible);
  return visible;
}

const VISIBLE = new WeakMap<Catalogue, WeakMap<readonly string[], Catalogue>>();

function restrict(full: Catalogue, patterns: readonly string[], upstream: ModelResolver): Catalogue {
  const named = new Set(
    patterns.filter((pattern) => !pattern.includes('*')).map((name) => listedId(name, full, upstream)),
  );
  const models = full.models.filter(({ id }) => named.has(id) || matchesAny(patterns, id));
  const hasDefault = models.some(({ id }) => id === full.defaultModelId);
  return { ...full, models, defaultModelId: hasDefault ? full.defaultModelId : undefined };
}

/** A pattern without `*` may be any name that clients use for a model. */
function listedId(name: string, full: Catalogue, upstream: ModelResolver): string | undefined {
  const { match, id } = upstream.resolveModel(name, full);
  return match === 'listed' ? id : undefined;
}

/** Throws `unknown_model`. For requests whose model is not in a catalogue. */
export function assertNameAllowed(names: readonly string[], patterns: readonly string[] | undefined): void {
  if (!patterns || names.some((name) => matchesAny(patterns, name))) return;
  throw refuseModel(names[0] ?? '', { models: [], defaultModelId: undefined });
}

/** The same error as for a model that does not exist: the client's list does not have it. */
function refuseModel(requested: string, visible: Catalogue): GatewayError {
  const what = `This API key may not use the model ${JSON.stringify(requested.slice(0, 100))}.`;
  return new GatewayError('unknown_model', `${what}${suggestModels(requested, visible)}`, { param: 'model' });
}

export function matchesAny(patterns: readonly string[], name: string): boolean {
  const comparable = comparableName(name);
  return patterns.some((pattern) => matches(comparableName(pattern), comparable));
}

/** Clients write the version of a model as `4.5` and as `4-5`. */
function comparableName(name: string): string {
  return name.toLowerCase().replaceAll('.', '-');
}

/** `*` stands for any characters. In linear time for each `*`, since a regular expression could take exponential time. */
function matches(pattern: string, name: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return name === start;
  if (!name.startsWith(start) || name.length < start.length + end.length || !name.endsWith(end)) return false;
  let at = start.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - end.length;
}
