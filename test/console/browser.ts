/** A browser for one test, and a gateway in front of the simulator for it to look at. */
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { Simulator } from '../../src/simulator/server.ts';
import { createHome, runCommand, startCommand } from '../support/command.ts';
import { createSimulator } from '../support/simulator.ts';

/** Without these, Chromium looks for hosts of its vendor at every start. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
];

let browser: Promise<Browser> | undefined;

/** One browser for all tests; each has a context of its own. */
function sharedBrowser(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  return browser;
}

process.on('exit', () => void browser?.then((it) => it.close()));

export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page reported: scripts that failed, styles and scripts that the policy refused. */
  readonly problems: readonly string[];
}

export async function openPage(options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const context = await (await sharedBrowser()).newContext({
    locale: 'en-US',
    timezoneId: 'UTC',
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // Refused requests are part of some walks; the page itself shows them.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      problems.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(?:http:\/\/(?:127\.0\.0\.1|localhost)|data:|blob:)/.test(request.url()))
      problems.push(`asked another host: ${request.url()}`);
  });
  return { page, context, problems };
}

export interface ServedGateway {
  readonly url: string;
  readonly simulator: Simulator;
  /** The home folder of its user. */
  readonly home: string;
  /** Runs a command of the same user. Throws if it fails. */
  run(args: readonly string[]): Promise<string>;
  /** A one-time link, as `dragoman console` makes it. */
  link(): Promise<string>;
}

interface GatewayOptions {
  /** Signs in the simulator's first account. */
  readonly withAccount?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly simulator?: Parameters<typeof createSimulator>[0];
}

/** In a process of its own, as a user starts it. */
export async function serveGateway(options: GatewayOptions = {}): Promise<ServedGateway> {
  const { environmentFor } = await import('../../src/simulator/environment.ts');
  const simulator = await createSimulator({ pollIntervalS: 1, asksInBrowser: true, ...options.simulator });
  const { DRAGOMAN_REFRESH_TOKEN, DRAGOMAN_CLIENT_ID, DRAGOMAN_CLIENT_SECRET, ...places } = environmentFor(
    simulator.url,
  );
  const account = { DRAGOMAN_REFRESH_TOKEN, DRAGOMAN_CLIENT_ID, DRAGOMAN_CLIENT_SECRET } as Record<string, string>;
  const env = { ...places, ...(options.withAccount ? account : {}), ...options.env };
  const serving = startCommand(['serve', '--port', '0', '--json'], env, createHome());
  const { url } = JSON.parse(await serving.nextLine());
  const run = async (args: readonly string[]) => {
    const { out, err, code } = await runCommand(args, env, serving.home);
    if (code !== 0) throw new Error(err);
    return out;
  };
  return {
    url,
    simulator,
    home: serving.home,
    run,
    link: async () => JSON.parse(await run(['console', '--url', url, '--json'])).link,
  };
}

/** To be looked at. */
export async function takePicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, 'pictures', `${name}.png`) });
}
