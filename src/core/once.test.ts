import { expect, it, vi } from 'vitest';
import { once } from './once.ts';

it('builds when it is first used, and once', () => {
  const build = vi.fn(() => ({ fields: 3 }));
  const shape = once(build);
  expect(build).not.toHaveBeenCalled();
  expect(shape()).toBe(shape());
  expect(build).toHaveBeenCalledTimes(1);
});

it('keeps undefined, and builds again after a failure', () => {
  const build = vi.fn(() => undefined);
  const nothing = once<undefined>(build);
  expect([nothing(), nothing()]).toEqual([undefined, undefined]);
  expect(build).toHaveBeenCalledTimes(1);
  build.mockImplementationOnce(() => {
    throw new Error('no');
  });
  const failing = once(build);
  expect(failing).toThrow('no');
  expect(failing()).toBeUndefined();
});
