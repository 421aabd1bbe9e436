/** Names of cached data. What an event invalidates begins with one of these. */
export const SESSION_KEY = ['session'] as const;
export const ACCOUNTS_KEY = ['accounts'] as const;
export const KEYS_KEY = ['keys'] as const;
export const MODELS_KEY = ['models'] as const;
export const REQUESTS_KEY = ['requests'] as const;
export const HISTORY_KEY = ['history'] as const;
export const SETTINGS_KEY = ['settings'] as const;
export const AUDIT_KEY = ['audit'] as const;
export const ALERTS_KEY = ['alerts'] as const;
/** Data of the readers of `/usage` and `/connect` who have a client key and no session. */
export const GUEST_KEY = ['guest'] as const;
export const ACTIVITY_KEY = ['activity'] as const;
