/** `/v2/settings`: the settings in effect, and those that can change at run time. */
import { settingList, settingPatch } from './contract/overview.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

export function registerSettings(app: AdminApp, parts: AdminParts): void {
  const { settings, readSettings, changeSettings, version } = parts;
  app.get(
    '/v2/settings',
    { schema: { summary: 'Get the settings in effect, each with its origin', response: { 200: settingList } } },
    async () => {
      await readSettings();
      return { settings: [...settings()], version };
    },
  );
  app.patch(
    '/v2/settings',
    {
      schema: {
        summary: 'Change settings while the gateway runs',
        description:
          'Only those that are `changeable`. The change is stored, survives a restart and applies to every worker and replica within seconds. null returns to the value of the start. Either everything is changed or nothing.',
        body: settingPatch,
        response: { 200: settingList },
      },
    },
    async ({ body }) => {
      await changeSettings(body.settings);
      return { settings: [...settings()], version };
    },
  );
}
