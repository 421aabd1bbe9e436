/** The device flow in one process: start, show the code, poll until the person has answered. */
import { explainAbort, pause } from '../../core/async.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { Secrets } from '../ports.ts';
import { type DeviceSignIn, pollDeviceSignIn, SLOW_DOWN_MS, startDeviceSignIn } from './device-grant.ts';
import { cancelled, expired, refusedInBrowser, unknownClient } from './failures.ts';
import type { SignInPlace } from './place.ts';
import type { SignInParts } from './registration.ts';

/** A sign-in in progress, by device flow or by browser. */
export interface WaitingSignIn {
  /** The page that the person opens. */
  readonly verificationUrl: string;
  /** The code that the page asks for; undefined if the browser is redirected back. */
  readonly userCode: string | undefined;
  readonly expiresAtMs: number;
  /**
   * Resolves when the person has confirmed. Rejects with `credential_rejected` if they refused or were too late, with
   * `client_closed` if the signal aborts.
   */
  wait(signal: AbortSignal): Promise<Secrets>;
}

export async function startDeviceFlow(
  place: SignInPlace,
  parts: SignInParts,
  signal: AbortSignal,
): Promise<WaitingSignIn & { readonly userCode: string }> {
  const deviceSignIn = await startDeviceSignIn(place, parts, signal);
  const { verificationUrl, userCode, expiresAtMs } = deviceSignIn;
  return {
    verificationUrl,
    userCode,
    expiresAtMs,
    wait: (waitSignal) => pollUntilAnswered(deviceSignIn, parts, waitSignal),
  };
}

async function pollUntilAnswered(
  deviceSignIn: DeviceSignIn,
  parts: SignInParts,
  signal: AbortSignal,
): Promise<Secrets> {
  let pauseMs = deviceSignIn.intervalMs;
  for (;;) {
    await pause(parts.clock, pauseMs, signal, cancelled);
    if (parts.clock.now() >= deviceSignIn.expiresAtMs) throw expired();
    const answer = await explainAbort(pollDeviceSignIn(deviceSignIn.grant, parts, signal), signal, cancelled);
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
