/** A key which the user has made at Kiro for headless use; it is the access token itself. */
import type { KindRules } from './kind.ts';

export interface ApiKeyCredential {
  readonly kind: 'api-key';
  readonly apiKey: string;
  readonly region: string;
}

export const API_KEY: KindRules = {
  label: 'Kiro API key',
  serves: 'bearer',
  profiles: 'none',
  client: [],
  refused: 'The upstream refused the API key. Make a new one.',
};
