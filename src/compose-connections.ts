/** The part of the composition root for how accounts reach the service: their wire profile, and a test of their proxy. */
import type { Account } from './accounts/ports.ts';
import { checkedProxy, shownProxy } from './accounts/proxy.ts';
import type { Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import { GatewayError } from './core/errors.ts';
import type { SendUpstream } from './gateway/ports.ts';
import type { WireProfileChoice } from './gateway/wire-profile-choice.ts';
import type { Connections } from './http/admin/ports.ts';
import { originsOf } from './upstreams/codewhisperer/operations.ts';
import type { WireProfiles } from './upstreams/codewhisperer/profiles.ts';

const TEST_TIMEOUT_MS = 10_000;

interface ConnectionParts {
  readonly settings: Settings;
  readonly wireProfiles: WireProfiles;
  readonly profileChoice: WireProfileChoice;
  readonly send: SendUpstream;
  readonly clock: Clock;
}

export function composeConnections(parts: ConnectionParts): Connections {
  const { settings, wireProfiles, profileChoice, send, clock } = parts;
  const wireProfileOf = ({ id, credential: { kind }, learned }: Account) => {
    const user = { id, kind, stored: learned.wireProfile };
    const [first] = wireProfiles.orderFor(kind, settings.wireProfile);
    const current = profileChoice.current(user);
    const isSet = current === first && current !== wireProfiles.orderFor(kind)[0];
    const reason = current === first ? (isSet ? ('setting' as const) : ('default' as const)) : ('learned' as const);
    return { id: current, reason, untilMs: profileChoice.untilMs(user) };
  };
  return {
    wireProfileOf,
    // Any answer shows that the proxy works: the request has no token.
    async testProxy(account, proxy, signal) {
      const { kind, region } = account.credential;
      const wireProfile = wireProfileOf(account).id;
      const access = { kind, region, wireProfile, baseUrl: settings.upstreamUrl, profileArn: undefined };
      const [origin = ''] = originsOf(access, wireProfiles);
      const used = typeof proxy === 'string' ? checkedProxy(proxy) : proxy === null ? undefined : account.proxy;
      const about = { origin, proxy: used === undefined ? undefined : shownProxy(used) };
      const beganMs = clock.elapsed();
      try {
        const request = { method: 'GET' as const, url: `${origin}/`, headers: {}, body: undefined, proxy: used };
        const answer = await send(request, AbortSignal.any([signal, AbortSignal.timeout(TEST_TIMEOUT_MS)]));
        const durationMs = clock.elapsed() - beganMs;
        await answer.body[Symbol.asyncIterator]().return?.();
        return { ...about, durationMs, error: undefined };
      } catch (cause) {
        signal.throwIfAborted();
        return { ...about, durationMs: clock.elapsed() - beganMs, error: GatewayError.from(cause) };
      }
    },
  };
}
