/** A gateway's wire profiles: the shipped ones and the user's own. */
import { LRUCache } from 'lru-cache';
import { GatewayError } from '../../core/errors.ts';
import type { RuleReadings } from '../../core/learned-facts.ts';
import { type ProfileFamily, type ProfileFile, readProfileFiles, readShippedProfiles } from './profile-files.ts';
import type { WireProfile } from './profile-schema.ts';
import codewhispererLegacy from './profiles/codewhisperer-legacy.json' with { type: 'json' };
import kiroKrs from './profiles/kiro-krs.json' with { type: 'json' };
import kiroRuntime from './profiles/kiro-runtime.json' with { type: 'json' };
import qIam from './profiles/q-iam.json' with { type: 'json' };
import qJson from './profiles/q-json.json' with { type: 'json' };
import qRest from './profiles/q-rest.json' with { type: 'json' };
import { withReadings } from './readings/profile.ts';

export type { McpForm, Operation, OperationName, WireProfile } from './profile-schema.ts';

const SHIPPED: readonly ProfileFile[] = [qRest, qJson, kiroKrs, kiroRuntime, codewhispererLegacy, qIam].map(
  (content) => ({ name: `${content.id}.json`, content }),
);

const NONE: ReadonlyMap<string, ProfileFamily> = new Map();
/** Read once for all gateways of the process. */
let shippedFamilies: ReadonlyMap<string, ProfileFamily> | undefined;

/** Facts about this program and its machine for the user agent; each an RFC 9110 token. */
export interface ClientFacts {
  /** `process.platform`. */
  readonly platform: string;
  /** Of the operating system. */
  readonly release: string;
  /** Version of Node.js. */
  readonly node: string;
  /** Version of dragoman. */
  readonly version: string;
}

const UNKNOWN_CLIENT: ClientFacts = { platform: 'other', release: '0', node: '0', version: '0' };

interface Family {
  readonly profiles: ProfileFamily;
  /** `shipped`, or the name of the user's file. */
  readonly origin: string;
}

interface ProfileUse {
  readonly wireProfile: string;
  readonly readings?: RuleReadings | undefined;
}

const MAX_READ_PROFILES = 500;

export class WireProfiles {
  readonly client: ClientFacts;
  readonly #families: readonly Family[];
  readonly #byId: ReadonlyMap<string, WireProfile>;
  /** By kind of account and named profile, which are few: every lease asks for an order. */
  readonly #orders = new Map<string, readonly [string, ...string[]]>();
  /** By profile and readings. Bounded, since readings come from storage. */
  readonly #read = new LRUCache<string, WireProfile>({ max: MAX_READ_PROFILES });

  /** Throws `invalid_request` naming the file and the member at fault. */
  constructor(client: ClientFacts = UNKNOWN_CLIENT, files: readonly ProfileFile[] = []) {
    this.client = client;
    const added = files.length === 0 ? NONE : readProfileFiles(files, SHIPPED);
    shippedFamilies ??= readShippedProfiles(SHIPPED);
    const shipped = shippedFamilies;
    const fileOf = new Map([...added.keys()].map((id, index) => [id, files[index]?.name ?? id]));
    this.#families = [
      ...[...added].map(([id, profiles]) => ({ profiles, origin: fileOf.get(id) ?? id })),
      ...[...shipped].filter(([id]) => !added.has(id)).map(([, profiles]) => ({ profiles, origin: 'shipped' })),
    ];
    const all = this.#families.flatMap(({ profiles }) => profiles);
    this.#byId = new Map(all.map((profile) => [profile.id, withReadings(profile, profile.readings ?? {})]));
  }

  /** The profile that an account uses, under the readings it has learnt. The same object for the same readings. */
  of({ wireProfile: id, readings }: ProfileUse): WireProfile {
    const profile = this.get(id);
    if (readings === undefined) return profile;
    const key = `${id} ${JSON.stringify(readings)}`;
    const known = this.#read.get(key);
    if (known) return known;
    const read = withReadings(profile, readings);
    this.#read.set(key, read);
    return read;
  }

  /** Without variants; the user's own before the shipped ones. */
  list(): readonly { readonly profile: WireProfile; readonly origin: string; readonly variants: readonly string[] }[] {
    return this.#families.map(({ profiles: [profile, ...variants], origin }) => {
      return { profile, origin, variants: variants.map(({ id }) => id) };
    });
  }

  /** Throws `internal` for an unknown id: settings and stored accounts are checked when they are read. */
  get(id: string): WireProfile {
    const profile = this.#byId.get(id);
    if (profile) return profile;
    const known = [...this.#byId.keys()].join(', ');
    throw new GatewayError('internal', `Unknown wire profile ${JSON.stringify(id)}. Known profiles: ${known}.`);
  }

  /**
   * Ids for an account of this kind in the order to try, each profile followed by its variants. `named`: the profile
   * from the settings, which applies to accounts that authenticate the way it does.
   */
  orderFor(kind: string, named?: string): readonly [string, ...string[]] {
    const key = `${kind} ${named ?? ''}`;
    const known = this.#orders.get(key);
    if (known) return known;
    const order = this.#findOrder(kind, named);
    this.#orders.set(key, order);
    return order;
  }

  #findOrder(kind: string, named: string | undefined): readonly [string, ...string[]] {
    const usual = this.#families
      .flatMap((family) => {
        const places: Readonly<Record<string, number | undefined>> = family.profiles[0].accounts;
        const place = places[kind];
        return place === undefined ? [] : [{ ...family, place }];
      })
      .sort((one, other) => one.place - other.place);
    const forced = this.#families.find(({ profiles: [{ id }] }) => id === named);
    const needed = usual[0]?.profiles[0].authentication ?? 'bearer';
    const families = forced?.profiles[0].authentication === needed ? [forced] : usual;
    const [first, ...others] = families.flatMap(({ profiles }) => profiles.map(({ id }) => id));
    if (first === undefined)
      throw new GatewayError('internal', `No wire profile serves accounts of kind ${kind}: see docs/wire-profiles.md.`);
    return [first, ...others];
  }
}

export const SHIPPED_PROFILES = new WireProfiles();
/** Of the shipped ones. */
export function wireProfile(id: string): WireProfile {
  return SHIPPED_PROFILES.get(id);
}
