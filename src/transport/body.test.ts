import { describe, expect, it } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import { AnswerBody } from './body.ts';

function createBody() {
  const calls: string[] = [];
  const body = new AnswerBody({
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    abort: () => void calls.push('abort'),
  });
  return { body, calls };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const textOf = (chunk: Uint8Array) => Buffer.from(chunk).toString();

describe('the body of an upstream response, pushed', () => {
  it('delivers what arrives within one tick together, and resolves at the end', async () => {
    const { body } = createBody();
    const received: string[] = [];
    body.push(Buffer.from('a'));
    const ended = body.pushTo((chunk) => void received.push(textOf(chunk)));
    body.push(Buffer.from('b'));
    body.push(Buffer.from('c'));
    await nextTurn();
    body.push(Buffer.from('d'));
    body.end();
    expect(await ended).toBeUndefined();
    expect(received).toEqual(['a', 'bc', 'd']);
  });

  it('delivers nothing while the consumer is busy, and pauses the socket meanwhile', async () => {
    const { body, calls } = createBody();
    const received: number[] = [];
    const busy = Promise.withResolvers<void>();
    const ended = body.pushTo((chunk) => {
      received.push(chunk.length);
      return received.length === 1 ? busy.promise : undefined;
    });
    body.push(Buffer.from('a'));
    await nextTurn();
    body.push(Buffer.alloc(200 * 1024));
    body.push(Buffer.alloc(100 * 1024));
    await nextTurn();
    expect(received).toEqual([1]);
    expect(calls).toEqual(['pause']);
    busy.resolve();
    await nextTurn();
    expect(received).toEqual([1, 300 * 1024]);
    expect(calls).toEqual(['pause', 'resume']);
    body.end();
    await ended;
  });

  it('resolves with the failure that cut it short, after the data before it', async () => {
    const { body } = createBody();
    const received: string[] = [];
    const ended = body.pushTo((chunk) => void received.push(textOf(chunk)));
    const failure = new GatewayError('upstream_broken', 'cut');
    body.push(Buffer.from('a'));
    body.fail(failure);
    expect(await ended).toBe(failure);
    expect(received).toEqual(['a']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('full'))],
  ])('closes the connection when the consumer %s', async (_how, consume) => {
    const { body, calls } = createBody();
    const ended = body.pushTo(consume);
    body.push(Buffer.from('a'));
    await expect(ended).rejects.toThrow('full');
    expect(calls).toEqual(['abort']);
  });

  it('resolves when it is left', async () => {
    const { body, calls } = createBody();
    const ended = body.pushTo(() => undefined);
    await body.return();
    expect(await ended).toBeUndefined();
    expect(calls).toEqual(['abort']);
  });
});
