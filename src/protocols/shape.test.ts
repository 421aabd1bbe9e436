import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { check, listOf } from './shape.ts';

describe('listOf', () => {
  it('reads every element', () => {
    const shape = z.looseObject({ names: listOf(z.string().transform((name) => name.length)) });
    expect(check(shape, { names: ['a', 'bb'] }, '')).toEqual({ names: [1, 2] });
    expect(check(shape, { names: [] }, '')).toEqual({ names: [] });
  });

  it('names the first invalid element and stops there', () => {
    const read: unknown[] = [];
    const element = z
      .unknown()
      .transform((value) => void read.push(value))
      .pipe(z.never());
    const result = listOf(element).safeParse([7, 8, 9]);
    expect(result.error?.issues).toHaveLength(1);
    expect(read).toEqual([7]);
  });

  it('keeps the path and the message of the error', () => {
    const shape = z.looseObject({ files: listOf(z.looseObject({ name: z.string() })) });
    expect(() => check(shape, { files: [{ name: 'a' }, { name: 1 }, {}] }, '')).toThrow(
      'files[1].name: expected string, received number.',
    );
    expect(() => check(shape, { files: [{ name: 'a' }, {}] }, '')).toThrow(
      'files[1].name: a required field is missing.',
    );
    expect(() => check(shape, { files: 'a' }, '')).toThrow('files: expected array, received string.');
  });
});

it.each([
  [z.int().positive(), 1],
  [z.int().nonnegative(), 0],
])('the least value is named', (n, least) => {
  expect(() => check(z.looseObject({ n }), { n: -1 }, '')).toThrow(`n: expected an integer of at least ${least}.`);
});
