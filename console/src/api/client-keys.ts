/** The client keys that the gateway has stored, and what can be done with them. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { BudgetView } from '../../../src/http/admin/contract/budget.ts';
import type { KeyPatchBody, KeyUse, KeyView } from '../../../src/http/admin/contract/key.ts';
import type { TimeRange } from '../shell/range.ts';
import { KEYS_KEY } from './keys.ts';
import { queryClient } from './query-client.ts';
import { get, patch, post, remove } from './request.ts';

export type Budget = BudgetView;
export type { KeyUse };

/** With its budgets, as far as they are known. */
export interface ClientKey extends KeyView {
  readonly budgets: readonly Budget[];
}

export interface KeyList {
  readonly keys: readonly ClientKey[];
  /** Number of keys in the settings, in addition to these. */
  readonly configured: number;
}

/** The secret is in no other answer. */
export interface KeyWithSecret {
  readonly key: KeyView;
  readonly secret: string;
}

interface KeysAnswer {
  readonly keys: readonly KeyView[];
  readonly budgets: readonly Budget[];
  readonly configured: number;
  readonly use?: readonly KeyUse[];
}

export const keysQuery = queryOptions({
  queryKey: KEYS_KEY,
  queryFn: async ({ signal }) => toList(await get<KeysAnswer>('/v2/keys', { signal })),
});

/** The list, and by key what it has used over the range: one request for both. */
export function useKeysWithUse(range: TimeRange) {
  const time = range.name === 'custom' ? [range.fromMs, range.toMs] : [range.name];
  const { data, error, refetch } = useQuery({
    queryKey: [...KEYS_KEY, 'use', ...time],
    queryFn: async ({ signal }) => {
      const query = { from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() };
      const answer = await get<KeysAnswer>('/v2/keys', { query, signal });
      // Where changes are shown before the gateway has confirmed them.
      queryClient.setQueryData(KEYS_KEY, toList(answer));
      return new Map(answer.use?.map((use) => [use.key, use]));
    },
  });
  const { data: list } = useQuery({ ...keysQuery, enabled: false });
  return { list, use: data, error, refetch };
}

function toList({ keys, budgets, configured }: KeysAnswer): KeyList {
  const budgetsOf = (id: string) => budgets.filter(({ key }) => key === id);
  return { keys: keys.map((key) => ({ ...key, budgets: budgetsOf(key.id) })), configured };
}

export async function createKey(body: KeyPatchBody & { readonly name: string }): Promise<KeyWithSecret> {
  const made = await post<KeyWithSecret>('/v2/keys', body);
  show((list) => ({ ...list, keys: [...list.keys, { ...made.key, budgets: [] }] }));
  return made;
}

/** Shown at once, and taken back if the gateway refuses it. */
export async function changeKey(id: string, change: KeyPatchBody): Promise<void> {
  const before = queryClient.getQueryData<KeyList>(KEYS_KEY);
  show((list) => ({ ...list, keys: list.keys.map((key) => (key.id === id ? expected(key, change) : key)) }));
  try {
    replace((await patch<{ readonly key: KeyView }>(`/v2/keys/${id}`, change)).key);
  } catch (error) {
    queryClient.setQueryData(KEYS_KEY, before);
    throw error;
  }
}

/** The state that follows from the change, as far as it is certain. */
function expected(key: ClientKey, { enabled }: KeyPatchBody): ClientKey {
  if (enabled === undefined || (key.state !== 'active' && key.state !== 'disabled')) return key;
  return { ...key, enabled, state: enabled ? 'active' : 'disabled', usable: enabled };
}

export async function rotateKey(id: string, graceSeconds: number): Promise<KeyWithSecret> {
  const made = await post<KeyWithSecret>(`/v2/keys/${id}/rotate`, { graceSeconds });
  replace(made.key);
  return made;
}

export async function revokeKey(id: string): Promise<void> {
  replace((await remove<{ readonly key: KeyView }>(`/v2/keys/${id}`)).key);
}

/** Also removes it from the list. */
export async function forgetKey(id: string): Promise<void> {
  await remove(`/v2/keys/${id}`, { query: { forget: true } });
  show((list) => ({ ...list, keys: list.keys.filter((key) => key.id !== id) }));
}

function replace(changed: KeyView): void {
  show((list) => ({ ...list, keys: list.keys.map((key) => (key.id === changed.id ? { ...key, ...changed } : key)) }));
}

function show(update: (list: KeyList) => KeyList): void {
  void queryClient.cancelQueries({ queryKey: KEYS_KEY, exact: true });
  queryClient.setQueryData<KeyList>(KEYS_KEY, (list) => list && update(list));
}
