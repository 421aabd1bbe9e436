import { describe, expect, it } from 'vitest';
import { newAccount } from '../test/support/fake-accounts.ts';
import { createFakeClock } from '../test/support/fake-clock.ts';
import { DEFAULT_OPTIONS as OPTIONS } from './accounts/options.ts';
import { composeConnections } from './compose-connections.ts';
import type { Settings } from './config.ts';
import { WireProfileChoice } from './gateway/wire-profile-choice.ts';
import { SHIPPED_PROFILES } from './upstreams/codewhisperer/profiles.ts';

const HOUR_MS = 3_600_000;

describe('the wire profile of an account', () => {
  it('is learned if the service has refused the first', () => {
    const clock = createFakeClock();
    const profileChoice = new WireProfileChoice((kind) => SHIPPED_PROFILES.orderFor(kind), clock.now);
    // Only the settings that it reads.
    const settings = { wireProfile: undefined, upstreamUrl: undefined } as Settings;
    const send = () => Promise.reject(new Error('no request is expected'));
    const { wireProfileOf } = composeConnections({
      ...{ settings, wireProfiles: SHIPPED_PROFILES, profileChoice, send, clock },
    });
    const [first, second = ''] = SHIPPED_PROFILES.orderFor('builder-id');
    const account = { ...newAccount('a'), learned: {}, version: 1, createdAtMs: 0, updatedAtMs: 0, options: OPTIONS };
    expect(wireProfileOf(account)).toEqual({ id: first, reason: 'default', untilMs: undefined });
    const wireProfile = { id: second, untilMs: clock.now() + HOUR_MS };
    expect(wireProfileOf({ ...account, id: 'b', learned: { wireProfile } })).toEqual({
      id: second,
      reason: 'learned',
      untilMs: wireProfile.untilMs,
    });
  });
});
