/** Which settings change while the gateway runs. */
import type { SettingKey, Settings } from './settings.ts';

/** Those that are read each time they are used: `PATCH /v2/settings` changes them. Secrets of the start are not among them. */
export const CHANGEABLE: ReadonlySet<SettingKey> = new Set<SettingKey>([
  'logLevel',
  'sessionIdleMinutes',
  'sessionHours',
  'auditDays',
  'alertWebhooks',
  'alertErrorPercent',
]);

/** Those that SIGHUP applies; docs/operation.md names them. */
export const RELOADABLE: ReadonlySet<SettingKey> = new Set<SettingKey>([...CHANGEABLE, 'apiKeys', 'adminToken']);

/** The settings in effect after those in `read` were read. The rest needs a restart. */
export function withReloaded(current: Settings, read: Settings): Settings {
  const reloaded = [...RELOADABLE].map((key) => [key, read[key]] as const);
  // An admin token that is removed stays valid: without one, a new one would have to be generated and shown.
  const adminToken = read.adminToken ?? current.adminToken;
  // Each value has the type of its key.
  return { ...current, ...Object.fromEntries(reloaded), adminToken } as Settings;
}
