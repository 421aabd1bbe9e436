import { describe, expect, it } from 'vitest';
import { fillTemplate } from './template.ts';

describe('fillTemplate', () => {
  it('puts values in the place of placeholders', () => {
    expect(fillTemplate('{a}/x/{b}{a}', { a: '1', b: '$&' })).toBe('1/x/$&1');
    expect(fillTemplate('plain', {})).toBe('plain');
    expect(fillTemplate('', {})).toBe('');
  });

  it('returns undefined if a placeholder has no value', () => {
    expect(fillTemplate('x {a} {b}', { a: '1' })).toBeUndefined();
    expect(fillTemplate('{a}', { a: '' })).toBe('');
  });

  it('leaves braces that are not placeholders', () => {
    expect(fillTemplate('{a-b} {} {', { a: '1' })).toBe('{a-b} {} {');
  });

  it('fills the same text with other values the next time', () => {
    expect(fillTemplate('<{a}>', { a: '1' })).toBe('<1>');
    expect(fillTemplate('<{a}>', { a: '2' })).toBe('<2>');
  });
});
