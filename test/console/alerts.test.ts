/** Alerts on every page, until they end or the reader hides them. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { AlertView } from '../../src/http/admin/contract/alerts.ts';
import { violationsOf } from './axe.ts';
import { openPage, serveGateway, takePicture } from './browser.ts';

const account = { kind: 'account', id: 'none', label: 'work' } as const;
const shared = { beganAt: '2026-11-29T12:00:00.000Z', endedAt: null, message: 'As the gateway words it.' };
const ALERTS: readonly AlertView[] = [
  {
    ...shared,
    id: 'budget-warning:k',
    type: 'budget-warning',
    severity: 'warning',
    subject: { ...account, kind: 'key' },
  },
  { ...shared, id: 'account-signed-out:a', type: 'account-signed-out', severity: 'critical', subject: account },
];

async function answerWith(page: Page, alerts: readonly AlertView[]): Promise<void> {
  await page.route('**/v2/alerts', (route) => route.fulfill({ json: { alerts, recent: [], webhooks: [] } }));
}

it.each([
  { name: 'desktop-light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const)('stand above every page ($name), the critical one first, and lead to its subject', async (look) => {
  const gateway = await serveGateway({ withAccount: true });
  const { page, problems } = await openPage(look);
  await answerWith(page, ALERTS);
  await page.goto(await gateway.link());
  await page.locator('#content').waitFor();
  const banner = page.getByRole('region', { name: 'Alerts' });
  for (const path of ['/', '/keys', '/settings?tab=alerts']) {
    await page.goto(`${gateway.url}${path}`);
    await banner.getByText('Account “work” is signed out.').waitFor();
    await banner.getByRole('link', { name: '1 more alert' }).waitFor();
  }
  await takePicture(page, `alerts-${look.name}`);
  expect(await violationsOf(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  await banner.getByRole('link', { name: /is signed out/ }).press('Enter');
  await expect.poll(() => new URL(page.url()).pathname).toBe('/accounts/none');
  await page.goto(`${gateway.url}/models`);
  await banner.getByRole('button', { name: 'Hide these alerts' }).click();
  await banner.waitFor({ state: 'detached' });
  expect(problems).toEqual([]);
});
