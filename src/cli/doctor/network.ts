/**
 * Checks the way to the service and to its token endpoints, through the same proxies and with the same certificates as
 * requests. Sends `GET /` without a token: any response shows that name, route and TLS work, and its `date` header
 * shows the difference between the clocks.
 */
import type { Account } from '../../accounts/ports.ts';
import { loadWireProfiles } from '../../compose-profiles.ts';
import { composeTransport } from '../../compose-tokens.ts';
import type { Settings } from '../../config.ts';
import type { AuthorizedRequest, SendUpstream } from '../../gateway/ports.ts';
import { systemClock } from '../../transport/clock.ts';
import { originsOf } from '../../upstreams/codewhisperer/operations.ts';
import type { WireProfiles } from '../../upstreams/codewhisperer/profiles.ts';
import type { Access } from '../../upstreams/upstream.ts';
import { type Finding, failed, failedWith, ok, warning } from './finding.ts';

/** Tokens and signatures are valid for minutes around the service's time (AWS Signature Version 4: five). */
const MAX_SKEW_MS = 4 * 60_000;
const NOTED_SKEW_MS = 30_000;
const TIMEOUT_MS = 10_000;
/** What `dragoman login` signs in to. */
const DEFAULT_KIND = 'builder-id';
const DEFAULT_REGION = 'us-east-1';

interface Address {
  readonly origin: string;
  readonly proxy: string | undefined;
  /** An account's first choice: without it, requests take a detour or fail. */
  readonly isPreferred: boolean;
}

/** Where requests of these accounts go, or those of the first account if there is none yet. */
function addressesOf(accounts: readonly Account[], settings: Settings, profiles: WireProfiles): Address[] {
  const addresses = new Map<string, Address>();
  const add = (access: Access, proxy: string | undefined, isPreferred: boolean) => {
    for (const origin of originsOf(access, profiles)) {
      const key = `${origin} ${proxy ?? ''}`;
      if (isPreferred || !addresses.has(key)) addresses.set(key, { origin, proxy, isPreferred });
    }
  };
  const baseUrl = settings.upstreamUrl;
  const accessOf = (kind: string, region: string, wireProfile: string): Access => {
    return { kind, region, wireProfile, baseUrl, profileArn: undefined };
  };
  if (accounts.length === 0) {
    const [first] = profiles.orderFor(DEFAULT_KIND, settings.wireProfile);
    add(accessOf(DEFAULT_KIND, DEFAULT_REGION, first), undefined, true);
  }
  for (const { credential, learned, proxy } of accounts) {
    const { kind, region } = credential;
    const order = profiles.orderFor(kind, settings.wireProfile);
    const preferred = learned.wireProfile?.id ?? order[0];
    for (const id of order) add(accessOf(kind, region, id), proxy, id === preferred);
  }
  return [...addresses.values()];
}

export async function* networkFindings(accounts: readonly Account[], settings: Settings): AsyncGenerator<Finding> {
  const transport = composeTransport(settings);
  try {
    const profiles = await loadWireProfiles(settings);
    const skews: (number | undefined)[] = [];
    for (const address of addressesOf(accounts, settings, profiles)) {
      const { proxy } = transport.dispatchers.of(address.proxy).routeOf(address.origin, undefined);
      const { finding, skewMs } = await reach(address, transport.send, proxy ? ` through ${proxy.address}` : '');
      skews.push(skewMs);
      yield finding;
    }
    const clock = clockFinding(skews);
    if (clock) yield clock;
  } finally {
    await transport.close();
  }
}

interface Reached {
  readonly finding: Finding;
  /** This machine's clock minus the service's. */
  readonly skewMs: number | undefined;
}

async function reach({ origin, proxy, isPreferred }: Address, send: SendUpstream, routeText: string): Promise<Reached> {
  const about: { check: 'network'; subject: string } = { check: 'network', subject: origin };
  try {
    const startMs = systemClock.now();
    const request: AuthorizedRequest = { method: 'GET', url: `${origin}/`, headers: {}, body: undefined, proxy };
    const answer = await send(request, AbortSignal.timeout(TIMEOUT_MS));
    const endMs = systemClock.now();
    await answer.body[Symbol.asyncIterator]().return?.();
    const sentMs = Date.parse(answer.header('date') ?? '');
    const detail = `answers in ${endMs - startMs} ms${routeText}`;
    const skewMs = Number.isNaN(sentMs) ? undefined : (startMs + endMs) / 2 - sentMs;
    return { finding: ok(about, detail), skewMs };
  } catch (cause) {
    const finding = failedWith(about, cause);
    return { finding: isPreferred ? finding : { ...finding, status: 'warning' }, skewMs: undefined };
  }
}

/** Of the first address that told its time. The header counts in seconds. */
function clockFinding(skews: readonly (number | undefined)[]): Finding | undefined {
  const skewMs = skews.find((skew) => skew !== undefined);
  if (skewMs === undefined) return undefined;
  const about = { check: 'clock' } as const;
  const size = Math.abs(skewMs);
  if (size < NOTED_SKEW_MS) return ok(about, "agrees with the service's");
  const text = `is ${Math.round(size / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the service's`;
  const remedy = 'Turn on time synchronisation (NTP) on this machine.';
  return size > MAX_SKEW_MS ? failed(about, text, remedy) : warning(about, text, remedy);
}
