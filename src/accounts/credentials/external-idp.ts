/**
 * Signed in at an organisation's own identity provider, such as Microsoft Entra ID. Its tokens are the provider's: they
 * are refreshed there, by OAuth 2.0 as a public client, and marked by a header so that the service knows.
 */
import type { KindRules } from './kind.ts';

export interface ExternalIdpCredential {
  readonly kind: 'external-idp';
  readonly refreshToken: string;
  readonly clientId: string;
  /** Checked before it is told anything: see patterns.ts. */
  readonly tokenEndpoint: string;
  readonly scopes: readonly string[];
  /** Where the API is looked for while no profile says it. */
  readonly region: string;
  readonly profileArn: string | undefined;
}

export const EXTERNAL_IDP: KindRules = {
  label: 'Identity provider',
  serves: 'refreshed',
  profiles: 'listed',
  client: ['clientId'],
  refused: "The sign-in at your organisation's identity provider has ended. Sign in again in the Kiro IDE or CLI.",
};
