/** What the address of the page says besides the time range. */
export interface KeysSearch {
  /** Part of a name, an owner or the first characters of a key. */
  readonly q?: string | undefined;
  readonly revoked?: true | undefined;
}

export function parseKeysSearch({ q, revoked }: Record<string, unknown>): KeysSearch {
  return {
    ...(typeof q === 'string' && q !== '' ? { q } : {}),
    ...(revoked === true ? { revoked } : {}),
  };
}
