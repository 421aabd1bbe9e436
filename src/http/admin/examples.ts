/** Bodies for the API reference, each one accepted by its route. Without one, the reference shows an empty value for every field. */
export const ADMIN_EXAMPLES: Readonly<Record<string, object>> = {
  'POST /v2/session': { token: 'YOUR_ADMIN_TOKEN' },
  'POST /v2/accounts': { label: 'work', apiKey: 'YOUR_KIRO_API_KEY' },
  'PATCH /v2/accounts/:id': { label: 'work', priority: 1 },
  'POST /v2/accounts/:id/proxy-test': { proxy: 'http://proxy.example:3128' },
  'POST /v2/auth/start': { label: 'work' },
  'POST /v2/auth/claim/:authId': { waitMs: 30_000 },
  'POST /v2/imports': { ids: ['ID_OF_A_SIGN_IN'] },
  'POST /v2/keys': { name: 'laptop', requestsPerMinute: 60, creditsPerMonth: 500 },
  'PATCH /v2/keys/:id': { enabled: true, models: ['claude-*'] },
  'POST /v2/keys/:id/rotate': { graceSeconds: 3_600 },
  'PATCH /v2/settings': { settings: { DRAGOMAN_LOG_LEVEL: 'debug' } },
};
