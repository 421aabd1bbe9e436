/** A Kiro sign-in with Google or GitHub. Source: what the Kiro IDE and CLI store and send. */
import type { KindRules } from './kind.ts';

export interface SocialCredential {
  readonly kind: 'social';
  readonly refreshToken: string;
  readonly region: string;
  readonly profileArn: string | undefined;
}

export const SOCIAL: KindRules = {
  label: 'Kiro',
  serves: 'refreshed',
  profiles: 'brought',
  client: [],
  refused:
    'The Kiro sign-in has ended. Sign in again with `dragoman login --social google` (or github), or in the Kiro IDE.',
};
