/**
 * The settings in effect while the gateway runs: those of the start, and over them those that the admin API has changed,
 * which are stored and apply to every process on the database. Directly in src/, because it knows the table of settings.
 */
import { CHANGEABLE, withReloaded } from './config/changeable.ts';
import { SETTING_KEYS, SETTINGS, type SettingKey } from './config/settings.ts';
import { type LoadedSettings, type Settings, writtenValue } from './config.ts';
import type { Clock } from './core/clock.ts';
import { GatewayError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import type { SettingStore } from './gateway/setting-store.ts';
import type { SettingView } from './http/admin/contract/overview.ts';
import { toSettingViews } from './setting-views.ts';

export interface RuntimeSettingsOptions {
  readonly started: Settings;
  readonly origins: LoadedSettings['origins'] | undefined;
  readonly store: SettingStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the settings in effect have changed. */
  readonly onChange: (settings: Settings) => void;
}

export class RuntimeSettings {
  readonly #options: RuntimeSettingsOptions;
  #base: Settings;
  /** By key, as written. */
  #changed: ReadonlyMap<SettingKey, string> = new Map();
  #current: Settings;
  #changeMark = Number.NaN;

  private constructor(options: RuntimeSettingsOptions) {
    this.#options = options;
    this.#base = options.started;
    this.#current = options.started;
  }

  /** Rejects with `storage_unavailable`. */
  static async open(options: RuntimeSettingsOptions): Promise<RuntimeSettings> {
    const settings = new RuntimeSettings(options);
    await settings.#load();
    return settings;
  }

  get current(): Settings {
    return this.#current;
  }

  views(): readonly SettingView[] {
    return toSettingViews(this.#current, this.#options.origins).map((view, index) => {
      const key = SETTING_KEYS[index];
      const changeable = key !== undefined && CHANGEABLE.has(key);
      return { ...view, changeable, origin: key && this.#changed.has(key) ? 'admin API' : view.origin };
    });
  }

  /**
   * By the name of the environment variable; null returns to the value of the start. All or none. Rejects with
   * `invalid_request` that names the setting, or `storage_unavailable`.
   */
  async change(changes: Readonly<Record<string, unknown>>): Promise<void> {
    const written = new Map(Object.entries(changes).map(([name, value]) => [name, checkedText(name, value)]));
    await this.#options.store.save(written, this.#options.clock.now());
    await this.#load();
  }

  /** Takes what needs no restart from settings that were read again. Returns those in effect. */
  reload(read: Settings): Settings {
    this.#base = withReloaded(this.#base, read);
    this.#apply();
    return this.#current;
  }

  /** Takes over what other processes have changed. Rejects with `storage_unavailable`. */
  async refresh(): Promise<void> {
    if (this.#options.store.changeMark() !== this.#changeMark) await this.#load();
  }

  /** As `refresh`, with everything that is committed by now. */
  async readLatest(): Promise<void> {
    if ((await this.#options.store.latestChangeMark()) !== this.#changeMark) await this.#load();
  }

  async #load(): Promise<void> {
    const { store, log } = this.#options;
    // Read before the rows, so that a write in between is noticed the next time.
    const mark = store.changeMark();
    const stored = await store.list();
    this.#changeMark = mark;
    this.#changed = new Map(
      [...stored].flatMap(([name, text]) => {
        const key = keyOf(name);
        if (key && CHANGEABLE.has(key) && SETTINGS[key].schema.safeParse(text).success) return [[key, text] as const];
        log.warn({ setting: name }, 'a stored setting does not apply to this version and is ignored');
        return [];
      }),
    );
    this.#apply();
  }

  #apply(): void {
    const before = this.#current;
    const values = [...this.#changed].map(([key, text]) => [key, SETTINGS[key].schema.parse(text)]);
    // Each value has passed its own row's schema.
    this.#current = { ...this.#base, ...Object.fromEntries(values) } as Settings;
    if (JSON.stringify(before) !== JSON.stringify(this.#current)) this.#options.onChange(this.#current);
  }
}

function keyOf(name: string): SettingKey | undefined {
  return SETTING_KEYS.find((key) => SETTINGS[key].name === name);
}

function checkedText(name: string, value: unknown): string | undefined {
  const shown = JSON.stringify(name.slice(0, 100));
  const key = keyOf(name);
  if (!key) throw refusal(name, `There is no setting ${shown}. GET /v2/settings lists them.`);
  if (!CHANGEABLE.has(key)) throw refusal(name, `${name} cannot change while the gateway runs. Set it and restart.`);
  if (value === null) return undefined;
  const text = writtenValue(value);
  const { success, error } = SETTINGS[key].schema.safeParse(text);
  if (success) return text;
  throw refusal(name, `${name} ${error.issues[0]?.message ?? 'is not valid'}. Accepted: ${SETTINGS[key].accepts}.`);
}

function refusal(name: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param: name.slice(0, 100) });
}
