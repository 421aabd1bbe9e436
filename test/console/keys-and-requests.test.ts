/** A key's life in the console, and a failed request that is found and understood, in a real browser. */
import OpenAI, { APIError } from 'openai';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { openPage, serveGateway } from './browser.ts';

/** The status that an official SDK gets for a chat; it does not retry. */
async function chat(url: string, apiKey: string, model = 'claude-sonnet-4.5'): Promise<number> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  try {
    const reply = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] });
    expect(reply.choices[0]?.message.content).toBeTruthy();
    return 200;
  } catch (error) {
    if (error instanceof APIError && error.status !== undefined) return error.status;
    throw error;
  }
}

async function createKey(page: Page, url: string, name: string, limit?: string): Promise<string> {
  await page.goto(`${url}/keys`);
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialogue = page.getByRole('dialog', { name: 'Create a key' });
  await dialogue.getByRole('textbox', { name: 'Name' }).fill(name);
  if (limit !== undefined) await dialogue.getByRole('textbox', { name: 'Requests a minute' }).fill(limit);
  await dialogue.getByRole('button', { name: 'Create', exact: true }).click();
  return takeSecret(page);
}

/** Of the dialogue that shows it once. */
async function takeSecret(page: Page): Promise<string> {
  const secret = await page.getByRole('region', { name: 'API key' }).innerText();
  expect(secret).toMatch(/^dg-\w+-\S+$/);
  await page.getByRole('button', { name: 'Done' }).click();
  expect(await page.content()).not.toContain(secret);
  return secret;
}

describe('a key', () => {
  it('is made, used by an official SDK, limited, rotated, disabled, enabled again, and revoked', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage();
    await page.goto(await gateway.link());
    await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
    const secret = await createKey(page, gateway.url, 'ci');
    expect(await chat(gateway.url, secret)).toBe(200);

    await page.getByRole('row', { name: /^ci / }).click();
    const panel = page.getByRole('dialog', { name: 'ci' });
    expect(page.url()).toMatch(/\/keys\/key-\w+/);
    expect(await violationsOf(page)).toEqual([]);
    await panel.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Requests a minute' }).fill('1');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await panel.getByText('1 requests/min').waitFor();
    // The first request begins the minute, the second is beyond the limit.
    expect([await chat(gateway.url, secret), await chat(gateway.url, secret)]).toEqual([200, 429]);
    await panel.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Requests a minute' }).fill('');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await panel.getByText('No limits').waitFor();

    await panel.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog', { name: 'Rotate “ci”' }).getByRole('button', { name: 'Rotate' }).click();
    await page.getByText(/The old secret works until/).waitFor();
    const rotated = await takeSecret(page);
    expect([await chat(gateway.url, secret), await chat(gateway.url, rotated)]).toEqual([200, 200]);

    await panel.getByRole('button', { name: 'Disable' }).click();
    await expect.poll(() => chat(gateway.url, rotated)).toBe(401);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => chat(gateway.url, rotated)).toBe(200);

    await panel.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText(/will get 401 at once/).waitFor();
    await page.getByRole('dialog', { name: 'Revoke “ci”?' }).getByRole('button', { name: 'Revoke' }).click();
    await panel.getByText('Revoked', { exact: true }).first().waitFor();
    expect([await chat(gateway.url, secret), await chat(gateway.url, rotated)]).toEqual([401, 401]);

    await page.goto(`${gateway.url}/settings?tab=audit`);
    for (const action of ['Key created', 'Key changed', 'Key rotated', 'Key revoked'])
      await page.getByRole('row').filter({ hasText: action }).first().waitFor();
    expect(problems).toEqual([]);
  });
});

describe('a failed request', () => {
  it('is found by its error and understood: what it means, what was tried, what to do', async () => {
    const gateway = await serveGateway({ withAccount: true });
    const { page, problems } = await openPage();
    await page.goto(await gateway.link());
    await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
    const secret = await createKey(page, gateway.url, 'editor');
    await page.goto(`${gateway.url}/requests`);
    expect(await chat(gateway.url, secret)).toBe(200);
    expect(await chat(gateway.url, secret, 'gpt-99')).toBe(404);
    // Both appear by themselves.
    await page.getByRole('row').filter({ hasText: 'Refused 404' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'OK 200' }).waitFor();

    await page.getByRole('searchbox', { name: 'Request id or error text' }).fill('gpt-99');
    await expect.poll(() => page.getByRole('row').filter({ hasText: 'OK 200' }).count()).toBe(0);
    expect(page.url()).toContain('q=gpt-99');
    const row = page.getByRole('row').filter({ hasText: 'Refused 404' });
    await row.focus();
    await page.keyboard.press('Enter');
    const panel = page.getByRole('dialog', { name: /^Request req_/ });
    await panel.getByText('There is no such model').first().waitFor();
    await panel.getByText('Choose one of the models that the gateway lists.').waitFor();
    await panel.getByRole('list', { name: 'Timeline' }).waitFor();
    await panel.getByRole('button', { name: 'Copy as curl' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    // The address of the panel shows the same to a colleague.
    await page.reload();
    await panel.getByText('There is no such model').first().waitFor();
    await panel.getByRole('link', { name: 'Open Models' }).click();
    expect(new URL(page.url()).pathname).toBe('/models');

    await page.goto(gateway.url);
    await page.getByRole('region', { name: 'Failing' }).getByRole('link', { name: 'There is no such model' }).click();
    expect(page.url()).toContain('code=unknown_model');
    await page.getByRole('row').filter({ hasText: 'Refused 404' }).waitFor();
    expect(problems).toEqual([]);
  });
});
