/** The store of settings that were changed at run time. */

/** Every method may throw `storage_unavailable`. */
export interface SettingStore {
  /** By the name of the environment variable, as it would be written there. */
  list(): Promise<ReadonlyMap<string, string>>;
  /** Stores and removes (undefined) all or none. */
  save(changes: ReadonlyMap<string, string | undefined>, nowMs: number): Promise<void>;
  /** Changes when another process has written. */
  changeMark(): number;
  /** Like `changeMark`, but up to date: queries the server. NaN while changes cannot be detected. */
  latestChangeMark(): Promise<number>;
}
