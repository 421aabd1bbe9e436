/** The API reference at `/docs`: accessible in both themes, and asks no other host. */
import { expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { openPage, serveGateway, takePicture } from './browser.ts';

it.each(['light', 'dark'] as const)('is accessible in the %s theme', async (colorScheme) => {
  const gateway = await serveGateway({ withAccount: true });
  const { page, problems } = await openPage({ colorScheme });
  await page.goto(`${gateway.url}/docs`);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.getByText('/v1/chat/completions').first().waitFor();
  await takePicture(page, `docs-desktop-${colorScheme}`);
  expect(await violationsOf(page)).toEqual([]);
  expect(problems).toEqual([]);
});
