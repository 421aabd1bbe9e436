/** What the address of the page says: whose models are shown. */
export interface ModelsSearch {
  readonly account?: string | undefined;
}

export function parseModelsSearch({ account }: Record<string, unknown>): ModelsSearch {
  return typeof account === 'string' && account !== '' ? { account } : {};
}
