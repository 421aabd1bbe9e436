/** `dragoman usage`, beside a gateway on the same database. */
import { describe, expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { startTestPool } from '../support/test-pool.ts';

const now = new Date();
const RESET = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString();
const LATER_MS = Date.UTC(now.getUTCFullYear() + 1, 0, 1);

const startTestGateway = () =>
  startTestPool({
    accounts: [
      {
        id: 'rich',
        credits: { used: 412.345, limit: 1_000 },
        plan: {
          title: 'KIRO POWER',
          extras: [{ kind: 'bonus', name: 'Welcome bonus', limit: 100, expiresAtMs: LATER_MS }],
        },
      },
      { id: 'spent', credits: { used: 62.5, limit: 50 }, plan: { overage: { cap: 20 } } },
      { id: 'counted', credits: { used: 50, limit: 50 }, plan: { title: 'Q PRO', countsRequests: true } },
      { id: 'locked', state: 'suspended' },
    ],
  });

describe('dragoman usage', () => {
  it('draws the used and remaining share of each plan and its reset time', async () => {
    await using gateway = await startTestGateway();
    const { code, out, err } = await runCommand(['usage'], gateway.env);
    expect([code, err]).toEqual([0, '']);
    const bar = (full: number) => '█'.repeat(full) + '░'.repeat(24 - full);
    const day = RESET.slice(0, 10);
    expect(out).toContain('rich · rich · KIRO POWER · ready\n');
    expect(out).toMatch(
      new RegExp(`  Credits        ${bar(10)}  412.35 of 1,000, 587.66 left  resets ${day} \\(\\d+ days?\\)`),
    );
    expect(out).toMatch(
      new RegExp(`  Welcome bonus  ${bar(0)}  0 of 100, 100 left +until ${now.getUTCFullYear() + 1}-01-01`),
    );
    expect(out).toContain(`  Credits  ${bar(24)}  50 of 50, 0 left  resets ${day}`);
    expect(out).toContain('  Beyond the plan: 12.5 of 20 used, 0.50 USD\n');
    expect(out).toMatch(
      /counted · counted · Q PRO · exhausted for .+ \(quota_exhausted\)\n {2}Requests {2}█{24} {2}50 of 50, 0 left/,
    );
    expect(out).toMatch(/locked · locked · suspended\n {2}The service has suspended the account\./);
  });

  it('prints the same as JSON', async () => {
    await using gateway = await startTestGateway();
    const { code, out } = await runCommand(['accounts', 'usage', 'rich', '--json'], gateway.env);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      accounts: [
        {
          id: 'rich',
          label: 'rich',
          plan: 'KIRO POWER',
          resetsAt: RESET,
          used: 412.345,
          limit: 1_100,
          left: 687.655,
          allowances: [
            { kind: 'plan', name: 'Credits', used: 412.345, limit: 1_000, expiresAt: null },
            { kind: 'bonus', name: 'Welcome bonus', used: 0, limit: 100, expiresAt: new Date(LATER_MS).toISOString() },
          ],
          overage: null,
          readAt: expect.stringMatching(/^\d{4}-/),
          error: null,
        },
      ],
    });
    const locked = await runCommand(['usage', 'locked', '--json'], gateway.env);
    expect(locked.code).toBe(1);
    expect(JSON.parse(locked.out).accounts).toMatchObject([
      { plan: null, left: null, error: { code: 'account_suspended' } },
    ]);
  });

  it('says how to sign in when there is no account', async () => {
    await using gateway = await startTestPool({ accounts: [] });
    const { code, err } = await runCommand(['usage'], gateway.env);
    expect(code).toBe(1);
    expect(err).toContain('dragoman login');
  });
});
