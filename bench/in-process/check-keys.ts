/**
 * Measures the check of a client's API key by the number of keys: those of the settings, and those that dragoman created. Sends
 * its curves and exits.
 *
 * Usage: node bench/in-process/check-keys.ts KEYS…
 */
import { createHash } from 'node:crypto';
import { SILENT } from '../../src/core/log.ts';
import { ApiKeys } from '../../src/gateway/api-keys.ts';
import { newFields } from '../../src/gateway/key-fields.ts';
import { prefixOf } from '../../src/gateway/key-secret.ts';
import { openStore } from '../../src/storage/open.ts';
import { systemClock } from '../../src/transport/clock.ts';
import type { Curve, CurvePoint } from '../report/curves.ts';
import { median } from '../statistics.ts';

const SIZES = process.argv.slice(2).map(Number);
const ROUNDS = 15;
const CHECKS = 200;

/** As `keys create` generates them, but always the same. */
function secretOf(index: number): string {
  const hex = createHash('sha256').update(`key ${index}`).digest('hex');
  return `dg-${hex.slice(0, 12)}-${hex.slice(12, 44)}`;
}

async function checkUs(count: number, where: 'configured' | 'stored'): Promise<number> {
  const secrets = Array.from({ length: count }, (_, index) => secretOf(index));
  const store = await openStore({
    url: 'sqlite::memory:',
    home: '/nowhere',
    secretKey: 'k'.repeat(32),
    clock: systemClock,
  });
  if (where === 'stored') for (const secret of secrets) await store.keys.add(storedKey(secret));
  const configured = where === 'configured' ? secrets : [];
  const keys = await ApiKeys.open({ configured, store: store.keys, clock: systemClock, log: SILENT });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    for (let check = 0; check < CHECKS; check++) {
      const owner = await keys.identify(secrets[(check * 7_919) % count] ?? '');
      if (owner === undefined) throw new Error('a valid key was rejected');
    }
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / CHECKS);
  }
  await keys.close();
  await store.close();
  return median(times.slice(ROUNDS / 3));
}

function storedKey(secret: string) {
  const hash = createHash('sha256').update(secret).digest();
  return {
    ...newFields({ name: secret.slice(-8) }, 0),
    id: hash.toString('hex', 0, 8),
    prefix: prefixOf(secret),
    hash,
    previous: undefined,
    createdAtMs: 0,
    revokedAtMs: undefined,
    lastUsedAtMs: undefined,
  };
}

async function curve(name: string, where: 'configured' | 'stored'): Promise<Curve> {
  // Compiles before the first figure.
  await checkUs(10, where);
  const points: CurvePoint[] = [];
  for (const size of SIZES) points.push({ size, cost: await checkUs(size, where) });
  return { name, size: 'keys', unit: 'µs', points };
}

process.send?.([
  await curve('check of a key of the settings', 'configured'),
  await curve('check of a created key', 'stored'),
]);
process.disconnect?.();
