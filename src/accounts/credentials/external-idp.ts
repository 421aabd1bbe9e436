/**
 * A sign-in at an organisation's own identity provider, such as Microsoft Entra ID. The provider issues and refreshes
 * the tokens (OAuth 2.0, public client); a header tells the service where they come from.
 */
import type { KindRules } from './kind.ts';

export interface ExternalIdpCredential {
  readonly kind: 'external-idp';
  readonly refreshToken: string;
  readonly clientId: string;
  /** Checked before a token is sent there: see patterns.ts. */
  readonly tokenEndpoint: string;
  readonly scopes: readonly string[];
  /** Region of the API until a profile names it. */
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
