/**
 * Every page in both languages, both themes, at desktop and phone width: axe finds nothing, nothing is cut off or
 * overlaps, no other host is asked. Leaves a picture of each in `test/console/pictures/`, to be looked at.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { openPage, type ServedGateway, serveGateway } from './browser.ts';

const PICTURES = join(import.meta.dirname, 'pictures');
const PAGES = ['/', '/accounts', '/chat', '/requests', '/keys', '/models', '/connect', '/settings'] as const;

const LOOKS = [
  { name: 'desktop-light-en', locale: 'en-US', colorScheme: 'light', width: 1440, height: 900 },
  { name: 'desktop-dark-zh', locale: 'zh-CN', colorScheme: 'dark', width: 1440, height: 900 },
  { name: 'tablet-light-zh', locale: 'zh-CN', colorScheme: 'light', width: 900, height: 1100 },
  { name: 'phone-dark-en', locale: 'en-US', colorScheme: 'dark', width: 390, height: 844 },
  { name: 'phone-light-zh', locale: 'zh-CN', colorScheme: 'light', width: 390, height: 844 },
] as const;

/** Texts whose box is narrower than they are, without a tooltip that has the rest. */
const CUT_OFF = `[...document.querySelectorAll('main *, nav *, header *')]
  .filter((element) => element.children.length === 0 && element.scrollWidth > element.clientWidth + 1)
  .filter((element) => element.clientWidth > 1 && getComputedStyle(element).clipPath === 'none' && getComputedStyle(element).overflow !== 'visible')
  .filter((element) => !element.closest('[title], .visually-hidden, svg, pre, input, [data-may-scroll]'))
  .map((element) => element.tagName + ': ' + element.textContent.slice(0, 60))`;

async function expectWellFormed(page: Page): Promise<void> {
  expect(await violationsOf(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  expect(await page.evaluate(CUT_OFF)).toEqual([]);
}

/** Answers, a refusal, and a key with a budget, so that lists and charts have something to show. */
async function use(gateway: ServedGateway): Promise<void> {
  const made = await gateway.run(['keys', 'create', 'ci', '--owner', 'build team', '--credits-per-day', '5', '--json']);
  const headers = { authorization: `Bearer ${JSON.parse(made).secret}` };
  for (const model of ['claude-sonnet-4.5', 'claude-haiku-4.5', 'claude-sonnet-4.5', 'auto', 'no-such-model-9']) {
    const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'What is a dragoman?' }] });
    await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });
  }
  await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers, body: '{"messages":"wrong"}' });
}

async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('load');
  await page.locator('#content h1').first().waitFor({ state: 'attached' });
  await expect.poll(() => page.locator('.mantine-Skeleton-root').count()).toBe(0);
}

describe.each(LOOKS)('in the look $name', ({ name, locale, colorScheme, width, height }) => {
  it('every page is accessible, complete, and asks no other host', async () => {
    mkdirSync(PICTURES, { recursive: true });
    const gateway = await serveGateway({ withAccount: true });
    await use(gateway);
    const { page, problems } = await openPage({ locale, colorScheme, viewport: { width, height } });
    await page.goto(await gateway.link());
    await settle(page);
    for (const path of PAGES) {
      await page.goto(`${gateway.url}${path}`);
      await settle(page);
      await page.screenshot({ path: join(PICTURES, `${path === '/' ? 'overview' : path.slice(1)}-${name}.png`) });
      await expectWellFormed(page);
    }
    expect(problems).toEqual([]);
  });

  it('signing in and the first start are accessible and complete', async () => {
    const gateway = await serveGateway();
    const { page, problems } = await openPage({ locale, colorScheme, viewport: { width, height } });
    await page.goto(`${gateway.url}/`);
    await page.getByRole('textbox').waitFor();
    await page.screenshot({ path: join(PICTURES, `sign-in-${name}.png`) });
    await expectWellFormed(page);
    await page.goto(await gateway.link());
    await settle(page);
    await page.goto(`${gateway.url}/accounts`);
    await page.locator('main h2').first().waitFor();
    await page.screenshot({ path: join(PICTURES, `first-start-${name}.png`) });
    await expectWellFormed(page);
    expect(problems).toEqual([]);
  });
});
