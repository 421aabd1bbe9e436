/** The device flow for a program which waits: begin, show the code, ask until the person has answered. */
import { explainAbort, pause } from '../../core/async.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { Secrets } from '../ports.ts';
import { askDevice, type BegunDevice, beginDevice, type SignInParts, SLOW_DOWN_MS } from './device-grant.ts';
import { cancelled, expired, refusedInBrowser, unknownClient } from './failures.ts';
import type { SignInPlace } from './place.ts';

/** A sign-in under way, whichever flow it takes. */
export interface WaitingSignIn {
  /** For the person to open. */
  readonly verificationUrl: string;
  /** To be compared with what the page shows; undefined where the browser comes back by itself. */
  readonly userCode: string | undefined;
  readonly expiresAtMs: number;
  /**
   * Until the person has answered. Rejects with `credential_rejected` when they refused or were too late, with
   * `client_closed` when the signal aborts.
   */
  wait(signal: AbortSignal): Promise<Secrets>;
}

export async function startDeviceFlow(
  place: SignInPlace,
  parts: SignInParts,
  signal: AbortSignal,
): Promise<WaitingSignIn & { readonly userCode: string }> {
  const begun = await beginDevice(place, parts, signal);
  const { verificationUrl, userCode, expiresAtMs } = begun;
  return { verificationUrl, userCode, expiresAtMs, wait: (waitSignal) => askUntilAnswered(begun, parts, waitSignal) };
}

async function askUntilAnswered(begun: BegunDevice, parts: SignInParts, signal: AbortSignal): Promise<Secrets> {
  let pauseMs = begun.intervalMs;
  for (;;) {
    await pause(parts.clock, pauseMs, signal, cancelled);
    if (parts.clock.now() >= begun.expiresAtMs) throw expired();
    const answer = await explainAbort(askDevice(begun.grant, parts, signal), signal, cancelled);
    switch (answer.type) {
      case 'signed-in':
        return answer.secrets;
      case 'pending':
        break;
      case 'slow-down':
        pauseMs += SLOW_DOWN_MS;
        break;
      case 'expired':
        throw expired();
      case 'denied':
        throw refusedInBrowser();
      case 'client-rejected':
        throw unknownClient();
      default:
        return unreachable(answer);
    }
  }
}
