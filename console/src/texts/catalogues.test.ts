/** Both languages have the same texts, with the same values in them. */
import { describe, expect, it } from 'vitest';
import { texts as english } from './en/index.ts';
import { texts as chinese } from './zh-CN/index.ts';

/** `{ 'common.actions.add': 'Add' }` */
function flat(catalogue: object, path = ''): Record<string, string> {
  const entries = Object.entries(catalogue).map(([key, value]) => {
    const name = path === '' ? key : `${path}.${key}`;
    return typeof value === 'string' ? { [name]: value } : flat(value, name);
  });
  return Object.assign({}, ...entries);
}

const placeholders = (text = '') => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

describe('the catalogues', () => {
  const en = flat(english);
  const zh = flat(chinese);
  // Chinese has one plural form.
  const withoutSingulars = Object.keys(en).filter((key) => !key.endsWith('_one'));

  it('have the same keys', () => {
    expect(Object.keys(zh).sort()).toEqual(withoutSingulars.sort());
    expect(withoutSingulars.length).toBeGreaterThan(80);
  });

  it('have no empty text', () => {
    expect(Object.entries({ ...en, ...zh }).filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('fill in the same values', () => {
    const different = Object.keys(zh).filter((key) => `${placeholders(en[key])}` !== `${placeholders(zh[key])}`);
    expect(different).toEqual([]);
  });

  it('have no English sentence left in Chinese, nor Chinese in English', () => {
    const sentence = /[A-Za-z]{3,} [a-z]{3,} [a-z]{3,}/;
    expect(Object.entries(zh).filter(([, text]) => sentence.test(text))).toEqual([]);
    expect(Object.entries(en).filter(([, text]) => /\p{Script=Han}/u.test(text))).toEqual([]);
  });
});
