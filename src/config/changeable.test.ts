import { describe, expect, it } from 'vitest';
import { loadSettings } from '../config.ts';
import { withReloaded } from './changeable.ts';

describe('settings that were read again', () => {
  const started = loadSettings({ DRAGOMAN_PORT: '1', DRAGOMAN_ADMIN_TOKEN: 'a'.repeat(20) }).settings;

  it('take effect where no restart is needed', () => {
    const read = loadSettings({
      DRAGOMAN_PORT: '2',
      DRAGOMAN_LEDGER: 'no',
      DRAGOMAN_ALERT_ERROR_PERCENT: '50',
      DRAGOMAN_ALERT_WEBHOOKS: 'https://hooks.example.com/x',
      DRAGOMAN_API_KEYS: 'sk-new',
    }).settings;
    expect(withReloaded(started, read)).toEqual({
      ...started,
      alertErrorPercent: 50,
      alertWebhooks: ['https://hooks.example.com/x'],
      apiKeys: ['sk-new'],
    });
  });

  it('keep an admin token that was removed, and take a new one', () => {
    expect(withReloaded(started, loadSettings({}).settings).adminToken).toBe('a'.repeat(20));
    const read = loadSettings({ DRAGOMAN_ADMIN_TOKEN: 'b'.repeat(20) }).settings;
    expect(withReloaded(started, read).adminToken).toBe('b'.repeat(20));
  });
});
