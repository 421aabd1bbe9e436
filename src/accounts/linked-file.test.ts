import { describe, expect, it } from 'vitest';
import { awsCredential } from '../../test/support/fake-accounts.ts';
import type { AwsCredential } from './credentials.ts';
import { keepingProfile } from './linked-file.ts';

const known: AwsCredential = { ...awsCredential('one'), kind: 'idc', profileArn: 'the-known-one' };

describe('the profile of a linked account', () => {
  it('stays if its program renews the same sign-in without a profile', () => {
    const read: AwsCredential = { ...known, refreshToken: 'two', profileArn: undefined };
    expect(keepingProfile(known, read)).toEqual({ ...read, profileArn: 'the-known-one' });
  });

  it.each<[string, Partial<AwsCredential>, string | undefined]>([
    ['its program says one', { profileArn: 'theirs' }, 'theirs'],
    ['another client signed in', { clientId: 'another' }, undefined],
    ['it is another organisation', { startUrl: 'https://other.awsapps.com/start' }, undefined],
    ['it is another region', { region: 'eu-west-1' }, undefined],
    ['it is a Builder ID now', { kind: 'builder-id' }, undefined],
  ])('is not the known one if %s', (_name, change, profileArn) => {
    const read: AwsCredential = { ...known, profileArn: undefined, ...change };
    expect(keepingProfile(known, read).profileArn).toBe(profileArn);
  });
});
