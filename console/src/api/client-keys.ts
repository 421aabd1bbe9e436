/** The client keys that the gateway has stored, and what can be done with them. */
import { queryOptions } from '@tanstack/react-query';
import type { BudgetView } from '../../../src/http/admin/contract/budget.ts';
import type { KeyPatchBody, KeyView } from '../../../src/http/admin/contract/key.ts';
import { KEYS_KEY } from './keys.ts';
import { queryClient } from './query-client.ts';
import { get, patch, post, remove } from './request.ts';

export type Budget = BudgetView;

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
}

export const keysQuery = queryOptions({
  queryKey: KEYS_KEY,
  queryFn: async ({ signal }): Promise<KeyList> => {
    const { keys, budgets, configured } = await get<KeysAnswer>('/v2/keys', { signal });
    const budgetsOf = (id: string) => budgets.filter(({ key }) => key === id);
    return { keys: keys.map((key) => ({ ...key, budgets: budgetsOf(key.id) })), configured };
  },
});

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
