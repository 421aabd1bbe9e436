/** The pages for the user of a client key who may not administer the gateway. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { openPage, serveGateway, takePicture } from './browser.ts';

const LIMITS = ['--requests-per-minute', '60', '--credits-per-day', '5', '--models', 'claude-*'];

const LIGHT: BrowserContextOptions = { locale: 'en-US', colorScheme: 'light', viewport: { width: 1440, height: 900 } };
const DARK: BrowserContextOptions = { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 390, height: 844 } };

const LOOKS = [
  {
    ...{ name: 'desktop-light-en', options: LIGHT },
    ...{ field: 'Your client key', show: 'Show', used: 'Requests this minute: 1 of 60', refused: 'could not be read' },
    ...{ title: 'Usage of a key', connect: 'Connect', signIn: 'Sign in' },
  },
  {
    ...{ name: 'phone-dark-zh', options: DARK },
    ...{ field: '你的客户端密钥', show: '查看', used: '本分钟请求：1 / 60', refused: '无法读取该密钥的用量' },
    ...{ title: '密钥用量', connect: '接入', signIn: '登录' },
  },
] as const;

async function expectWellFormed(page: Page): Promise<void> {
  expect(await violationsOf(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
}

describe.each(LOOKS)('without a session, in the look $name', ({ name, options, ...texts }) => {
  it('the use of a key is shown for that key, and clients can be set up', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { secret } = JSON.parse(await gateway.run(['keys', 'create', 'team', ...LIMITS, '--json']));
    const headers = { authorization: `Bearer ${secret}` };
    const body = JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] });
    await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });

    const { page, problems } = await openPage(options);
    await page.goto(`${gateway.url}/usage`);
    const field = page.getByLabel(texts.field, { exact: true });
    await field.fill('dg-wrong-key');
    await page.keyboard.press('Enter');
    await page.getByText(texts.refused).waitFor();
    await field.fill(secret);
    await page.getByRole('button', { name: texts.show, exact: true }).click();
    await page.getByRole('heading', { name: 'team' }).waitFor();
    await page.getByText(texts.used).waitFor();
    expect(await page.getByText(texts.refused).count()).toBe(0);
    await expectWellFormed(page);
    await takePicture(page, `usage-${name}`);

    await page.getByRole('link', { name: texts.connect, exact: true }).click();
    await page.getByRole('link', { name: 'Codex', exact: true }).waitFor();
    await page.getByPlaceholder('dg-…').fill(secret);
    await page.getByRole('link', { name: 'Codex', exact: true }).click();
    await expect.poll(() => page.locator('#content').innerText()).toContain(secret);
    await expectWellFormed(page);
    await takePicture(page, `connect-guest-${name}`);

    await page.getByRole('link', { name: texts.signIn, exact: true }).click();
    await page.locator('input[type="password"]').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })')).not.toContain(secret);
    expect(problems).toEqual([]);
  });
});
