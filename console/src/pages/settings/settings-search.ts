/** What the address of the settings says: the open tab. */
export const TABS = ['general', 'gateway', 'alerts', 'session', 'audit'] as const;

export type Tab = (typeof TABS)[number];

export interface SettingsSearch {
  readonly tab?: Tab | undefined;
}

export function parseSettingsSearch({ tab }: Record<string, unknown>): SettingsSearch {
  const known = TABS.find((name) => name === tab);
  return known ? { tab: known } : {};
}
