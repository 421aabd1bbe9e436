/**
 * A page view costs one request of its own, beside those that all pages share: the session, the alerts and the stream of
 * events.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { AccountList, DetailedAccount } from '../../src/http/admin/contract/account.ts';
import type { PlanUsage } from '../../src/http/admin/contract/overview.ts';
import { API_KEY_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { violationsOf } from './axe.ts';
import { openPage, type ServedGateway, serveGateway, takePicture } from './browser.ts';

const SHARED: ReadonlySet<string> = new Set(['/v2/session', '/v2/alerts', '/v2/events']);

/** Addresses of pages, with the route that each reads; undefined: what all pages share is enough. */
const VIEWS: Readonly<Record<string, string | undefined>> = {
  '/': '/v2/activity',
  '/accounts': '/v2/accounts',
  '/accounts?view=table': '/v2/accounts',
  '/accounts/{account}': '/v2/accounts',
  '/chat': '/v2/models',
  '/requests': '/v2/requests',
  '/keys': '/v2/keys',
  '/models': '/v2/models',
  '/connect': '/v2/models',
  '/settings': '/v2/settings',
  '/settings?tab=gateway': '/v2/settings',
  '/settings?tab=alerts': undefined,
  '/settings?tab=session': undefined,
  '/settings?tab=audit': '/v2/audit',
};

/** The paths of the API that the page has asked for. */
function followRequests(page: Page): string[] {
  const paths: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/v[12]\//.test(pathname)) paths.push(pathname);
  });
  return paths;
}

/** The stream stays silent, since an event makes a page read again. */
async function silenceEvents(page: Page): Promise<void> {
  await page.route('**/v2/events', () => {});
}

/** Until the gateway has read the plan and the models of its account: pages that show them read again while it has not. */
async function warmUp(page: Page, { url }: ServedGateway): Promise<void> {
  const isReading = `fetch('/v2/accounts?details=true').then((answer) => answer.json())
    .then(({ accounts }) => accounts.some(({ usage }) => usage === null))`;
  const isListing = `fetch('/v2/models').then((answer) => answer.json())
    .then(({ accounts }) => accounts.some(({ isPending }) => isPending))`;
  await page.goto(`${url}/settings`);
  await expect.poll(() => page.evaluate(`Promise.all([${isReading}, ${isListing}])`)).toEqual([false, false]);
}

async function chat({ url }: ServedGateway, key: string): Promise<void> {
  const body = JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] });
  await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body });
}

/** Everything that was asked for has been answered, and nothing is still awaited. */
async function settle(page: Page): Promise<void> {
  await page.locator('#content h1').first().waitFor({ state: 'attached' });
  await expect.poll(() => page.locator('.mantine-Skeleton-root').count()).toBe(0);
  // The stream of events stays open, so the network is never idle: a round trip ends what was asked before it.
  await page.evaluate(`fetch('/health').then((response) => response.text())`);
}

describe('a page view', () => {
  it('costs one request of its own', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { secret } = JSON.parse(await gateway.run(['keys', 'create', 'ci', '--json']));
    await chat(gateway, secret);
    const { page, problems } = await openPage();
    await page.goto(await gateway.link());
    await settle(page);
    await silenceEvents(page);
    await warmUp(page, gateway);
    await page.goto(`${gateway.url}/accounts`);
    const account = (await page.locator('article a').first().getAttribute('href')) ?? '';
    const paths = followRequests(page);
    for (const [view, route] of Object.entries(VIEWS)) {
      await page.goto('about:blank');
      paths.length = 0;
      await page.goto(gateway.url + view.replace('/accounts/{account}', account));
      await settle(page);
      const own = paths.filter((path) => !SHARED.has(path));
      expect([view, ...own]).toEqual(route === undefined ? [view] : [view, route]);
      for (const path of SHARED) expect([view, paths.filter((one) => one === path).length]).toEqual([view, 1]);
    }
    expect(problems).toEqual([]);
  });
});

const LOOKS = [
  { name: 'desktop-light-en', locale: 'en-US', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'desktop-dark-zh', locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'phone-dark-en', locale: 'en-US', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  { name: 'phone-light-zh', locale: 'zh-CN', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const;

const HOUR_MS = 3_600_000;

/** What the gateway knows, or of the account `team` a plan with a trial and overage that was read three hours ago. */
function usageOf({ label, usage = null }: DetailedAccount): PlanUsage | null {
  if (label !== 'team' || usage === null) return usage;
  const plan = { kind: 'plan', name: 'Credits', used: 812.4, limit: 1_000, expiresAt: null } as const;
  const expiresAt = new Date(Date.now() + 100 * HOUR_MS).toISOString();
  const trial = { kind: 'trial', name: 'Credits', used: 120, limit: 500, expiresAt } as const;
  return {
    ...usage,
    ...{ used: 932.4, limit: 1_500, left: 567.6, allowances: [plan, trial] },
    overage: { isOn: true, used: 12.5, cap: 100, charges: 0.5, currency: 'USD' },
    readAt: new Date(Date.now() - 3 * HOUR_MS).toISOString(),
    error: { code: 'upstream_timeout', message: 'The service did not answer in time.' },
  };
}

describe('the accounts page', () => {
  it.each(LOOKS)('shows plans as they are read, and why one is not known, in the look $name', async (look) => {
    mkdirSync(join(import.meta.dirname, 'pictures'), { recursive: true });
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage(look);
    await page.goto(await gateway.link());
    await settle(page);
    const add = (body: object) =>
      page.evaluate(
        `fetch('/v2/session').then((answer) => answer.json()).then(({ csrfToken }) => fetch('/v2/accounts', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-dragoman-csrf': csrfToken },
          body: ${JSON.stringify(JSON.stringify(body))},
        })).then(({ status }) => status)`,
      );
    expect(await add({ apiKey: API_KEY_ACCOUNT.accessToken, label: 'team' })).toBe(201);
    expect(await add({ refreshToken: `aorDEAD${'x'.repeat(120)}`, label: 'old laptop' })).toBe(201);
    for (let count = 0; count < 3; count++) await chat(gateway, 'none');
    let isHeld = true;
    await page.route('**/v2/accounts?*', async (route) => {
      const answer = await route.fetch();
      const list: AccountList = await answer.json();
      for (const account of list.accounts) account.usage = isHeld ? null : usageOf(account);
      await route.fulfill({ response: answer, json: list });
    });
    await page.goto(`${gateway.url}/accounts`);
    await page.locator('article').nth(2).waitFor();
    expect(await page.locator('article .mantine-Skeleton-root').count()).toBe(3);
    await takePicture(page, `accounts-reading-${look.name}`);
    expect(await violationsOf(page)).toEqual([]);
    isHeld = false;
    await expect.poll(() => page.locator('article .mantine-Skeleton-root').count()).toBe(0);
    const dead = page.locator('article').filter({ hasText: 'old laptop' });
    await dead.getByText(look.locale === 'en-US' ? /^Usage not known: / : /^用量未知：/).waitFor();
    await page.getByText(look.locale === 'en-US' ? /it could not be read since/ : /此后读取失败/).waitFor();
    expect(await page.getByRole('progressbar').count()).toBe(2);
    await takePicture(page, `accounts-read-${look.name}`);
    expect(await violationsOf(page)).toEqual([]);
    expect(problems).toEqual([]);
  });
});
