/** Lists of thousands of rows: few of them are drawn, and each page of them is one request. */
import type { Page, Route } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage, serveGateway } from './browser.ts';

const ROWS = 5_000;
/** Of any window: what is visible, and what is drawn in advance above and below. */
const MOST_DRAWN = 80;

function requestRow(index: number) {
  return {
    ...{ id: `req_${String(index).padStart(6, '0')}`, time: new Date(Date.now() - index * 1_000).toISOString() },
    ...{ kind: 'reply', outcome: index % 9 === 0 ? 'failed' : 'ok', status: index % 9 === 0 ? 502 : 200 },
    ...{ code: index % 9 === 0 ? 'upstream_broken' : null, error: null, method: 'POST', route: '/v1/messages' },
    ...{ protocol: 'anthropic-messages', key: 'local', keyName: null, account: 'a', accountLabel: 'home' },
    ...{ model: 'claude-sonnet-4.5', answeredModel: 'claude-sonnet-4.5', client: 'claude-code', clientVersion: '2.1' },
    ...{ stream: true, firstByteMs: 600, durationMs: 4_000 + index, attemptCount: 1, adjustmentCount: 0, usage: null },
  };
}

/** Answers in place of the gateway, in pages as it does. Returns the addresses that were asked for. */
async function serveRows(page: Page): Promise<string[]> {
  const asked: string[] = [];
  await page.route(/\/v2\/requests\?/, async (route: Route) => {
    const url = new URL(route.request().url());
    asked.push(url.search);
    const limit = Number(url.searchParams.get('limit') ?? 50);
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const requests = Array.from({ length: Math.min(limit, ROWS - from) }, (_, index) => requestRow(from + index));
    const next = from + limit;
    await route.fulfill({ json: { requests, nextCursor: next < ROWS ? String(next) : null } });
  });
  return asked;
}

/** Milliseconds from each input to the next frame, and tasks over 50 ms, since the page was loaded. */
const OBSERVE = `
  globalThis.measured = { inputs: [], longTasks: [] };
  new PerformanceObserver((list) => measured.inputs.push(...list.getEntries().map((e) => [e.name, e.duration])))
    .observe({ type: 'event', durationThreshold: 16, buffered: true });
  new PerformanceObserver((list) => measured.longTasks.push(...list.getEntries().map((e) => e.duration)))
    .observe({ type: 'longtask', buffered: true });
`;

function scrollTo(element: { scrollTop: number; readonly scrollHeight: number }, share: number): void {
  element.scrollTop = element.scrollHeight * share;
}

it(`draws few of ${ROWS} requests, reads each page of them once, and stays usable by keyboard`, async () => {
  const gateway = await serveGateway({ withAccount: true });
  const { page, problems } = await openPage();
  await page.goto(await gateway.link());
  await page.locator('#content h1').first().waitFor({ state: 'attached' });
  const asked = await serveRows(page);
  await page.goto(`${gateway.url}/requests?live=false`);
  const table = page.getByRole('table', { name: 'Requests' });
  await table.getByRole('row').nth(5).waitFor();
  expect(asked).toHaveLength(1);

  const rowCount = async () => Number(await table.getAttribute('aria-rowcount')) - 1;
  const scroller = table.locator('xpath=..');
  for (let known = await rowCount(); known < ROWS; known = await rowCount()) {
    await scroller.evaluate(scrollTo, 1);
    await expect.poll(rowCount).toBeGreaterThan(known);
  }
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked).toHaveLength(ROWS / 100);
  expect(await table.getByRole('row').count()).toBeLessThan(MOST_DRAWN);

  await page.evaluate(OBSERVE);
  await page.keyboard.press('j');
  for (let step = 0; step < 10; step++) await page.keyboard.press('k');
  await expect.poll(() => page.evaluate('document.activeElement?.getAttribute("data-row")')).not.toBeNull();
  await scroller.evaluate(scrollTo, 0.5);
  await page.getByRole('button', { name: 'Choose columns' }).click();
  await page.keyboard.press('Escape');
  expect(await table.getByRole('row').count()).toBeLessThan(MOST_DRAWN);
  const measured = await page.evaluate<{ inputs: [string, number][]; longTasks: number[] }>('measured');
  // Printed for people: on a shared machine, a time says little.
  const slowest = measured.inputs.toSorted(([, a], [, b]) => b - a).slice(0, 5);
  console.info(
    `${ROWS} rows: slowest inputs ${JSON.stringify(slowest)} ms, long tasks ${JSON.stringify(measured.longTasks)} ms`,
  );
  expect(problems).toEqual([]);
});
