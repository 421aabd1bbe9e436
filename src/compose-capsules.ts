/** The part of the composition root for capsules: what was captured of recent requests, here and in other workers. */
import { randomBytes } from 'node:crypto';
import type { Capsule } from './capsules/format.ts';
import type { Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import { CaptureRing } from './gateway/captures/ring.ts';
import type { SettingView } from './http/admin/contract/overview.ts';
import type { CapsuleResult, CapsuleSource } from './http/admin/ports.ts';
import { VERSION } from './version.ts';

/** The other processes that serve together with this one. */
export interface CapsulePeers {
  /** Resolves to the answer of the one that has the request; undefined: none has. */
  findCapsule(id: string, withText: boolean): Promise<CapsuleResult | undefined>;
}

export interface ComposedCapsules {
  /** Undefined: off. */
  readonly ring: CaptureRing | undefined;
  readonly source: CapsuleSource;
  /** In this process alone. */
  findHere(id: string, withText: boolean): Promise<CapsuleResult | undefined>;
}

export function composeCapsules(
  { capsules: mode }: Pick<Settings, 'capsules'>,
  clock: Clock,
  settings: () => readonly SettingView[],
  peers: CapsulePeers | undefined,
): ComposedCapsules {
  const ring = mode === 'off' ? undefined : new CaptureRing(mode, clock);
  // Known to no one else, so that names cannot be found by hashing a list of likely ones.
  const salt = randomBytes(32).toString('base64');
  const findHere = async (id: string, withText: boolean): Promise<CapsuleResult | undefined> => {
    const found = ring?.find(id);
    if (!found) return undefined;
    if (found.capture.isCut) return { type: 'too-large' };
    const { buildCapsule } = await import('./capsules/build.ts');
    const capsule: Capsule = buildCapsule(found, { withText, salt, version: VERSION, settings: settings() });
    return { type: 'found', capsule };
  };
  const source: CapsuleSource = {
    mode,
    find: async (id, withText) => (await findHere(id, withText)) ?? (await peers?.findCapsule(id, withText)),
  };
  return { ring, source, findHere };
}
