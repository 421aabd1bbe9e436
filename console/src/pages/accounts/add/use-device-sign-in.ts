/** A sign-in by code, from its start to the account: one step at a time. */
import { useEffect, useRef, useState } from 'react';
import { claimSignIn, type SignInOptions, type SignInView, startSignIn } from '../../../api/accounts.ts';
import { ApiError } from '../../../api/error.ts';

export type PendingSignIn = Pick<SignInView, 'authId' | 'verificationUrl' | 'userCode' | 'expiresAt'>;

export type SignInStep =
  | { readonly name: 'choose'; readonly isStarting: boolean; readonly error?: Error }
  | { readonly name: 'pending'; readonly signIn: PendingSignIn; readonly leftMs: number }
  | {
      readonly name: 'choose-profile';
      readonly signIn: PendingSignIn;
      readonly profiles: readonly { readonly arn: string; readonly name: string }[];
    }
  | { readonly name: 'ended'; readonly denied: boolean }
  | { readonly name: 'done'; readonly label: string };

const CHOOSE: SignInStep = { name: 'choose', isStarting: false };
/** After a claim that failed, say because the gateway restarted. */
const RETRY_MS = 2_000;

export function useDeviceSignIn() {
  const [step, setStep] = useState<SignInStep>(CHOOSE);
  const lastOptions = useRef<SignInOptions>({});
  const ending = useRef(new AbortController());
  useEffect(() => {
    ending.current = new AbortController();
    return () => ending.current.abort();
  }, []);
  useCountdown(step, setStep);
  const start = async (options: SignInOptions) => {
    lastOptions.current = options;
    setStep({ name: 'choose', isStarting: true });
    try {
      const signIn = await startSignIn(options);
      setStep({ name: 'pending', signIn, leftMs: Date.parse(signIn.expiresAt) - Date.now() });
      await follow(signIn, undefined, ending.current.signal, setStep);
    } catch (error) {
      if (!ending.current.signal.aborted)
        setStep({ ...CHOOSE, name: 'choose', isStarting: false, error: toError(error) });
    }
  };
  const useProfile = async (arn: string) => {
    if (step.name !== 'choose-profile') return;
    await follow(step.signIn, arn, ending.current.signal, setStep).catch((error: unknown) => {
      setStep({ name: 'choose', isStarting: false, error: toError(error) });
    });
  };
  return { step, start, useProfile, restart: () => start(lastOptions.current) };
}

/** Claims until the person has answered or the time is up. */
async function follow(
  signIn: PendingSignIn,
  profileArn: string | undefined,
  signal: AbortSignal,
  setStep: (step: SignInStep) => void,
): Promise<void> {
  while (!signal.aborted) {
    const claim = await claimSignIn(signIn.authId, profileArn, signal).catch(async (error: unknown) => {
      if (signal.aborted || !isTransient(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      return undefined;
    });
    switch (claim?.status) {
      case 'approved':
        setStep({ name: 'done', label: claim.account.label });
        return;
      case 'choose-profile':
        setStep({ name: 'choose-profile', signIn, profiles: claim.profiles });
        return;
      default:
        if (Date.parse(signIn.expiresAt) > Date.now()) continue;
        setStep({ name: 'ended', denied: false });
        return;
    }
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 502);
}

function useCountdown(step: SignInStep, setStep: (change: (step: SignInStep) => SignInStep) => void): void {
  const expiresAt = step.name === 'pending' ? step.signIn.expiresAt : undefined;
  useEffect(() => {
    if (expiresAt === undefined) return;
    const timer = setInterval(() => {
      const leftMs = Math.max(0, Date.parse(expiresAt) - Date.now());
      setStep((shown) => (shown.name === 'pending' ? { ...shown, leftMs } : shown));
    }, 1_000);
    return () => clearInterval(timer);
  }, [expiresAt, setStep]);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
