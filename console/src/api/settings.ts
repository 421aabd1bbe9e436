/** The settings in effect, and changing those that can change while the gateway runs. */
import { queryOptions } from '@tanstack/react-query';
import type { SettingView } from '../../../src/http/admin/contract/overview.ts';
import { SETTINGS_KEY } from './keys.ts';
import { queryClient } from './query-client.ts';
import { get, patch } from './request.ts';

export type Setting = SettingView;

export interface SettingList {
  readonly settings: readonly SettingView[];
  /** Of the gateway. */
  readonly version: string;
}

export const settingsQuery = queryOptions({
  queryKey: SETTINGS_KEY,
  queryFn: ({ signal }) => get<SettingList>('/v2/settings', { signal }),
});

/** null: the value of the start. Rejects with ApiError. */
export async function changeSetting(name: string, value: Setting['value']): Promise<void> {
  const list = await patch<SettingList>('/v2/settings', { settings: { [name]: value } });
  queryClient.setQueryData<SettingList>(SETTINGS_KEY, list);
}
