/** A key that the user created at Kiro for headless use. It is the access token itself. */
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
  refused: 'The service rejected the API key. Create a new one at Kiro and put it into DRAGOMAN_KIRO_API_KEY.',
};
