import { describe, expect, it } from 'vitest';
import { databaseSecrets, shownDatabaseUrl } from './database-url.ts';

describe('a database URL for display', () => {
  it.each([
    ['sqlite:/home/me/a@b.db', 'sqlite:/home/me/a@b.db'],
    ['postgres://host/db', 'postgres://host/db'],
    ['postgres://me@host:5432/db', 'postgres://me@host:5432/db'],
    ['postgres://me:CANARY@host/db?sslmode=require', 'postgres://me:••••@host/db?sslmode=require'],
    ['postgresql://me:CANARY%2Fx@[::1]:1/db', 'postgresql://me:••••@[::1]:1/db'],
    ['postgres://host/db?user=me&password=CANARY', 'postgres://host/db?user=me&password=••••'],
    ['postgres://host/db?sslpassword=CANARY&Password=CANARY', 'postgres://host/db?sslpassword=••••&Password=••••'],
    ['postgres://me:CANARY@/db?host=/run/postgresql', 'postgres://me:••••@/db?host=/run/postgresql'],
    ['postgres:///db?password=CANARY', 'postgres:///db?password=••••'],
    ['postgres://me:CANARY/x@host/db', 'postgres:••••'],
    ['postgres://me:1/CANARY@host/db', 'postgres:••••'],
    ['postgres://me:1?CANARY@host/db', 'postgres:••••'],
    ['postgres://me:1#CANARY@host/db', 'postgres:••••'],
    ['postgres://me:CAN@ARY@host/db', 'postgres://me:••••@host/db'],
    ['postgres://host:port/CANARY', 'postgres:••••'],
  ])('%s', (url, shown) => {
    expect(shownDatabaseUrl(url)).toBe(shown);
    const inSecrets = databaseSecrets(url).some((secret) => secret.includes('CANARY') || secret.includes('CAN%40ARY'));
    expect(inSecrets).toBe(url.includes('CAN'));
  });
});
