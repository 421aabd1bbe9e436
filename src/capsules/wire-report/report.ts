/** The wire report: what a client of the service sends, without the user's text, and how that differs from our requests. */
import { parseJsonObject } from '../../core/json.ts';
import type { Header } from '../format.ts';
import { replaceBody } from '../redact/bodies.ts';
import { replaceHeaders } from '../redact/headers.ts';
import { Names } from '../redact/names.ts';
import { redacting } from '../redact/replacements.ts';
import { addToShape, emptyShape, isIdentifier, type Shape } from './shape.ts';

/** A request to the service. */
export interface WireRequest {
  /** `GenerateAssistantResponse`, …; undefined: unknown. */
  readonly operation: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** In the order in which they were sent. */
  readonly headers: readonly Header[];
  readonly body: string;
}

/** A request that dragoman sends with one of its wire profiles. */
export interface OwnRequest extends WireRequest {
  readonly profile: string;
}

/** What only one side has, and what both have otherwise. */
interface Comparison {
  readonly onlyClient: readonly string[];
  readonly onlyDragoman: readonly string[];
  readonly different: readonly { readonly at: string; readonly client: string; readonly dragoman: string }[];
}

interface OperationReport {
  readonly operation: string;
  readonly requests: number;
  /** The wire profile that is closest; null: dragoman does not use the operation. */
  readonly profile: string | null;
  readonly address: Comparison;
  readonly headers: Comparison;
  readonly members: Comparison;
}

export interface WireReport {
  readonly wireReport: 1;
  readonly dragoman: string;
  readonly operations: readonly OperationReport[];
  readonly requests: readonly {
    readonly operation: string | null;
    readonly method: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
    readonly headers: readonly Header[];
    readonly body: string;
  }[];
}

/** `salt`: see `Names`. */
export function buildWireReport(
  requests: readonly WireRequest[],
  own: readonly OwnRequest[],
  { version, salt }: { readonly version: string; readonly salt: string },
): WireReport {
  const names = new Names(salt);
  const to = redacting(names);
  const keepsMembers = { keepsMember: isIdentifier };
  const byOperation = Map.groupBy(requests, operationOf);
  return {
    wireReport: 1,
    dragoman: version,
    operations: [...byOperation].map(([operation, group]) => reportOf(operation, group, own)),
    requests: requests.map((request) => ({
      operation: request.operation ?? null,
      method: request.method,
      path: shownPath(request),
      query: Object.fromEntries(Object.entries(request.query).map(([name, value]) => [name, shownQuery(value, names)])),
      headers: replaceHeaders(request.headers, to, keepsMembers),
      body: replaceBody(request.body, to, keepsMembers),
    })),
  };
}

/** Addresses of the service have words alone. */
function shownPath({ path }: WireRequest): string {
  return path.replaceAll(/[^/]+/g, (part) => (/^[A-Za-z-]{1,40}$/.test(part) ? part : '…'));
}

function shownQuery(value: string, names: Names): string {
  return /^(?:[A-Z_]{2,20}|\d{1,4})$/.test(value) ? value : names.ofId(value);
}

function operationOf({ operation, method, headers, ...request }: WireRequest): string {
  const target = headers.find(([name]) => name === 'x-amz-target')?.[1];
  const known = target !== undefined && /^[A-Za-z]+\.[A-Za-z]+$/.test(target) ? target.split('.')[1] : undefined;
  return operation ?? known ?? `${method} ${shownPath({ operation, method, headers, ...request })}`;
}

function reportOf(operation: string, requests: readonly WireRequest[], own: readonly OwnRequest[]): OperationReport {
  const compared = own
    .filter((candidate) => operationOf(candidate) === operation)
    .map((candidate) => ({ profile: candidate.profile, ...compareWith(requests, candidate) }))
    .toSorted((one, other) => countOf(one) - countOf(other));
  const [closest] = compared;
  if (closest) return { operation, requests: requests.length, ...closest };
  return { operation, requests: requests.length, profile: null, address: SAME, headers: SAME, members: SAME };
}

const SAME: Comparison = { onlyClient: [], onlyDragoman: [], different: [] };

type Compared = Pick<OperationReport, 'address' | 'headers' | 'members'>;

function countOf({ address, headers, members }: Compared): number {
  const all = [address, headers, members];
  // The address decides: another flavour is another operation.
  const weights = [100, 3, 1];
  return all.reduce((sum, { onlyClient, onlyDragoman, different }, at) => {
    return sum + (weights[at] ?? 1) * (onlyClient.length + onlyDragoman.length + different.length);
  }, 0);
}

function compareWith(requests: readonly WireRequest[], own: OwnRequest): Compared {
  return {
    address: compareMaps(addressesOf(requests), addressesOf([own])),
    headers: compareMaps(headersOf(requests), headersOf([own])),
    members: compareShapes(shapeOf(requests), shapeOf([own])),
  };
}

type Values = ReadonlyMap<string, ReadonlySet<string>>;

function addressesOf(requests: readonly WireRequest[]): Values {
  const values = new Map<string, Set<string>>();
  for (const request of requests) {
    add(values, 'method and path', `${request.method} ${shownPath(request)}`);
    for (const name of Object.keys(request.query)) add(values, `query ${isIdentifier(name) ? name : '<name>'}`, '');
  }
  return values;
}

/** Of the connection, or different in every request. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['host', 'content-length', 'authorization', 'connection', 'date']);

function headersOf(requests: readonly WireRequest[]): Values {
  const to = redacting(new Names(''));
  const values = new Map<string, Set<string>>();
  for (const { headers } of requests)
    for (const [name, value] of replaceHeaders(headers, to, { keepsMember: isIdentifier })) {
      if (NOT_COMPARED.has(name)) continue;
      // Versions, numbers of attempts and the client's operating system differ without meaning.
      const general = value.replaceAll(/\d+(?:\.\d+)*/g, 'N').replace(/\bos\/[^ #]+/, 'os/…');
      add(values, name, /(?:^|-)id$/.test(name) ? 'id' : general);
    }
  return values;
}

function shapeOf(requests: readonly WireRequest[]): Shape {
  const shape = emptyShape();
  for (const { body } of requests) {
    const value = parseJsonObject(body);
    if (value) addToShape(shape, value);
  }
  return shape;
}

function compareShapes(client: Shape, own: Shape): Comparison {
  const { onlyClient, onlyDragoman, different } = compareMaps(client.classes, own.classes);
  const orders = [...client.orders].flatMap(([path, names]) => {
    const ours = own.orders.get(path) ?? [];
    const [theirs, mine] = [names.filter((name) => ours.includes(name)), ours.filter((name) => names.includes(name))];
    if (theirs.join() === mine.join()) return [];
    return [{ at: `${path} (order)`, client: theirs.join(', '), dragoman: mine.join(', ') }];
  });
  return {
    onlyClient: outermost(onlyClient),
    onlyDragoman: outermost(onlyDragoman),
    different: [...different, ...orders],
  };
}

/** Without what is inside of others. */
function outermost(paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  return paths.filter((path) => {
    for (let end = path.length - 1; end > 0; end--)
      if (/[.[]/.test(path.charAt(end)) && all.has(path.slice(0, end))) return false;
    return true;
  });
}

function compareMaps(client: Values, own: Values): Comparison {
  const different = [...client].flatMap(([at, values]) => {
    const ours = own.get(at);
    if (!ours || [...values].every((value) => ours.has(value))) return [];
    return [{ at, client: [...values].join(' | '), dragoman: [...ours].join(' | ') }];
  });
  return {
    onlyClient: [...client.keys()].filter((at) => !own.has(at)),
    onlyDragoman: [...own.keys()].filter((at) => !client.has(at)),
    different,
  };
}

function add(values: Map<string, Set<string>>, at: string, value: string): void {
  const known = values.get(at) ?? new Set();
  values.set(at, known.add(value));
}
