/** What a person does in the console, from the first start on, in a real browser. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT, SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import type { ScriptedReply } from '../../src/simulator/script.ts';
import { violationsOf } from './axe.ts';
import { openPage, type ServedGateway, serveGateway, takePicture } from './browser.ts';

const PHONE = { width: 390, height: 844 };

async function signIn(page: Page, gateway: ServedGateway): Promise<void> {
  await page.goto(await gateway.link());
  await page.locator('#content').waitFor();
}

/** Waits for an answer in the chat that has ended. */
async function untilAnswered(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Send' }).waitFor();
  return page.getByRole('log').innerText();
}

describe('the first start', () => {
  it('leads from the one-time link over a device sign-in to the first answer', async () => {
    const gateway = await serveGateway();
    const { page, context, problems } = await openPage();
    const link = await gateway.link();
    await page.goto(link);
    await page.getByRole('heading', { name: 'Connect your subscription' }).waitFor();
    expect(page.url()).toBe(`${gateway.url}/accounts`);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Get a code' }).click();
    const code = await page.getByRole('status', { name: 'Code' }).innerText();
    expect(code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
    await page.getByRole('img', { name: 'QR code of the sign-in page' }).waitFor();
    await page.getByRole('timer').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    const [aws] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: 'Open the sign-in page' }).click(),
    ]);
    await aws.waitForLoadState();
    expect(await aws.content()).toContain(code);
    await aws.locator('a[href*="answer=approve"]').click();
    await page.getByText(/^Signed in as/).waitFor();
    await page.getByRole('link', { name: 'Say hello' }).click();
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toContain('Hello!');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText(/to the first text/).waitFor();
    expect((await untilAnswered(page)).length).toBeGreaterThan(80);
    await page.getByRole('tab', { name: 'Request' }).click();
    await page.getByText('POST /v1/chat/completions').waitFor();
    // A ticket works once, and nothing secret is kept by the browser's scripts.
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie')).not.toMatch(
      /session|csrf|token/i,
    );
    const other = await openPage();
    await other.page.goto(link);
    await other.page.getByText('The one-time link did not work').waitFor();
    expect(problems).toEqual([]);
  });

  it('imports a sign-in that another program has on the machine', async () => {
    const gateway = await serveGateway();
    const cache = join(gateway.home, '.aws/sso/cache');
    mkdirSync(cache, { recursive: true });
    const { refreshToken, profileArn } = SOCIAL_ACCOUNT;
    const file = {
      accessToken: 'old',
      refreshToken,
      profileArn,
      expiresAt: '2026-01-05T10:00:00.000Z',
      authMethod: 'social',
      provider: 'Google',
    };
    writeFileSync(join(cache, 'kiro-auth-token.json'), JSON.stringify(file));
    const { page, problems } = await openPage();
    await page.goto(await gateway.link());
    await page.getByRole('button', { name: 'Look for sign-ins' }).click();
    await page.getByRole('checkbox', { name: /^Import / }).waitFor();
    expect(await page.content()).not.toContain(refreshToken);
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Import 1 sign-in' }).click();
    await page.getByText('1 account was imported.').waitFor();
    await page.getByRole('article').getByText('Ready').waitFor();
    expect(problems).toEqual([]);
  });
});

describe('the chat', () => {
  it.each(['Chat Completions', 'Responses', 'Messages'])(
    'answers through %s, and shows the route and what the service got and sent',
    async (protocol) => {
      const gateway = await serveGateway({ withAccount: true, env: { DRAGOMAN_API_KEYS: 'sk-of-clients' } });
      const { page, problems } = await openPage();
      await page.goto(await gateway.link());
      await page.getByRole('link', { name: 'Chat', exact: true }).click();
      await page.getByText(protocol, { exact: true }).click();
      await page.getByRole('textbox', { name: 'Message' }).fill('What is a dragoman?');
      await page.keyboard.press('Enter');
      await page.getByText(/to the first text/).waitFor();
      await page.getByText('sticky').waitFor();
      await page
        .getByText(/^req_\w+$/)
        .first()
        .waitFor();
      await takePicture(page, `chat-answered-${protocol.toLowerCase().replace(' ', '-')}`);
      expect(await violationsOf(page)).toEqual([]);
      await page.getByRole('tab', { name: 'Service' }).click();
      await page.getByText('"conversationState"').waitFor();
      await page.getByText(/assistantResponseEvent/).waitFor();
      await takePicture(page, `chat-service-${protocol.toLowerCase().replace(' ', '-')}`);
      expect(await violationsOf(page)).toEqual([]);
      expect(problems).toEqual([]);
    },
  );

  it('runs a tool that the model calls, and stops an answer', async () => {
    const replies: ScriptedReply[] = [
      { times: 1, steps: [{ tool: 'current_time', input: { timeZone: 'UTC' } }] },
      { times: 1, steps: ['It is late.'] },
      { steps: ['One', { gapMs: 60_000 }, 'two'] },
    ];
    const gateway = await serveGateway({ withAccount: true, simulator: { script: { replies } } });
    const { page, problems } = await openPage();
    await signIn(page, gateway);
    await page.goto(`${gateway.url}/chat`);
    await page.getByRole('checkbox', { name: /Offer a tool/ }).check();
    await page.getByRole('textbox', { name: 'Message' }).fill('What time is it?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Calls current_time').first().waitFor();
    await page.getByText('It is late.').waitFor();
    await page.getByRole('textbox', { name: 'Message' }).fill('Count.');
    await page.keyboard.press('Enter');
    await page.getByText('One', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('stopped').waitFor();
    expect(problems).toEqual([]);
  });
});

describe('an account', () => {
  it('that runs out says so and until when, and comes back', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage();
    await signIn(page, gateway);
    await page.goto(`${gateway.url}/accounts`);
    await page.getByRole('article').getByText('Ready').waitFor();
    const { limit } = gateway.simulator.creditsOf(DEFAULT_ACCOUNT.id);
    gateway.simulator.spendCredits(DEFAULT_ACCOUNT.id, limit);
    const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] });
    const refused = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body });
    expect(refused.status).toBe(429);
    // By the event, without a reload.
    await page.getByRole('article').getByText('Plan used up').waitFor();
    await page
      .getByRole('article')
      .getByText(/until .*no credits left/)
      .waitFor();
    gateway.simulator.spendCredits(DEFAULT_ACCOUNT.id, -limit);
    await page.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await page.getByRole('article').getByText('Disabled', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('article').getByText('Ready').waitFor();
    expect((await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })).status).toBe(200);
    expect(problems).toEqual([]);
  });

  it('is removed, restored from the trash, and its proxy is tested', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage();
    await signIn(page, gateway);
    await page.goto(`${gateway.url}/accounts`);
    await page.getByRole('article').getByText('Ready').waitFor();
    await page.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('article').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('article').getByText('Ready').waitFor();
    await page.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('article').waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('button', { name: '1 removed account' }).click();
    await page
      .getByRole('dialog', { name: 'Removed accounts' })
      .getByText(/^removed|removed now/)
      .first()
      .waitFor();
    await takePicture(page, 'accounts-trash');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('article').getByRole('link').click();
    const panel = page.getByRole('dialog');
    await panel.getByRole('textbox', { name: 'Proxy' }).fill('http://127.0.0.1:1');
    await panel.getByRole('button', { name: 'Test' }).click();
    await panel.getByText(/^Does not work: /).waitFor();
    await panel.getByRole('textbox', { name: 'Proxy' }).fill('direct');
    await panel.getByRole('button', { name: 'Test' }).click();
    await panel.getByText(/^Works: /).waitFor();
    await takePicture(page, 'account-panel');
    expect(await violationsOf(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('shows what a probe has learned about it, until that is forgotten', async () => {
    const gateway = await serveGateway({ withAccount: true });
    await gateway.run(['doctor', '--probe', '--yes']);
    const { page, problems } = await openPage();
    await signIn(page, gateway);
    await page.goto(`${gateway.url}/accounts`);
    await page.getByRole('article').getByRole('link').click();
    const panel = page.getByRole('dialog');
    const reading = panel.getByText(/^blank-turn: .+ \(learned at /).first();
    await reading.waitFor();
    await takePicture(page, 'account-learned');
    expect(await violationsOf(page)).toEqual([]);
    await panel.getByRole('button', { name: 'Forget what was learned' }).click();
    await page.getByText(/^What was learned about “.+” is forgotten\./).waitFor();
    await reading.waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
  });

  it('is renamed in its panel, whose address can be sent to a colleague', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage();
    await signIn(page, gateway);
    await page.goto(`${gateway.url}/accounts?view=table`);
    await page.getByRole('row').nth(1).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('work');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('“work” was saved.').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.goto(page.url());
    await page.getByRole('dialog', { name: 'work' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => new URL(page.url()).pathname).toBe('/accounts');
    expect(problems).toEqual([]);
  });
});

describe('language and theme', () => {
  it('are switched, and stay after a reload', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage();
    await signIn(page, gateway);
    await page.getByRole('button', { name: 'Language: English' }).click();
    await page.getByRole('menuitemradio', { name: '简体中文' }).click();
    await page.getByRole('link', { name: '账号' }).click();
    await page.getByRole('button', { name: '外观: 跟随系统' }).click();
    await page.getByRole('menuitemradio', { name: '深色' }).click();
    await page.reload();
    await page.getByRole('button', { name: '添加账号' }).waitFor();
    expect(
      await page.evaluate('[document.documentElement.lang, document.documentElement.dataset.mantineColorScheme]'),
    ).toEqual(['zh-CN', 'dark']);
    expect(problems).toEqual([]);
  });
});

describe('on a phone', () => {
  it('every page is reached from the bottom, and a set-up is copied', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, context, problems } = await openPage({ viewport: PHONE, hasTouch: true, isMobile: true });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(await gateway.link());
    for (const name of ['Accounts', 'Chat', 'Requests', 'Keys']) {
      await page.getByRole('link', { name, exact: true }).tap();
      await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
    }
    await page.getByRole('button', { name: 'More', exact: true }).tap();
    await page.getByRole('menuitem', { name: 'Connect' }).tap();
    await page.getByRole('link', { name: 'curl' }).tap();
    await page.getByRole('region', { name: 'curl', exact: true }).getByRole('button', { name: 'Copy' }).tap();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(
      `curl -N ${gateway.url}/v1/chat/completions`,
    );
    expect(problems).toEqual([]);
  });
});

describe('with the keyboard alone', () => {
  it('a reader skips the navigation, searches, moves between rows and chats', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage();
    await page.goto(await gateway.link());
    await page.getByRole('link', { name: 'Accounts' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search' }).waitFor();
    await page.keyboard.type('models');
    await page.keyboard.press('Enter');
    await page.getByRole('table', { name: 'Models' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search' }).waitFor();
    await page.keyboard.type('accounts');
    await page.keyboard.press('Enter');
    await page.getByText('Table', { exact: true }).waitFor();
    await page.goto(`${gateway.url}/accounts?view=table`);
    // A row of the list, not of its skeleton, which takes no focus.
    await page.getByRole('row').filter({ hasText: 'Ready' }).waitFor();
    const isOnRow = async () => {
      await page.keyboard.press('j');
      return page.evaluate('document.activeElement.hasAttribute("data-row")');
    };
    await expect.poll(isOnRow).toBe(true);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search' }).waitFor();
    await page.keyboard.type('chat');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
    await page.keyboard.type('Hello');
    await page.keyboard.press('Enter');
    await page.getByText(/to the first text/).waitFor();
    expect(problems).toEqual([]);
  });
});
