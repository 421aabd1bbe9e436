/** The wire profiles that are part of the package, for tests that must hold for each of them. */
import { SHIPPED_PROFILES, type WireProfile } from '../../src/upstreams/codewhisperer/profiles.ts';

export const WIRE_PROFILES: readonly WireProfile[] = SHIPPED_PROFILES.list().map(({ profile }) => profile);
