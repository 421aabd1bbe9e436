import { describe, expect, it } from 'vitest';
import { parseEvents } from './event-stream-text.ts';

describe('parseEvents', () => {
  it('returns the data of named and unnamed events, without comments and [DONE]', () => {
    const stream = 'event: ping\ndata: {"type":"ping"}\n\n: wait\n\ndata: {"a":"x\\n\\ny"}\n\ndata: [DONE]\n\n';
    expect(parseEvents(stream)).toEqual([{ type: 'ping' }, { a: 'x\n\ny' }]);
  });

  it.each([
    ['no event', ': wait\n\n', /no event/],
    ['nothing', '', /ends inside a record/],
    ['a record without its end', 'data: {}\n', /ends inside a record/],
    ['an extra blank line', 'data: {}\n\n\n\n', /Not a record/],
    ['two lines of data', 'data: {}\ndata: {}\n\n', /Not a record/],
    ['an unknown line', 'id: 1\ndata: {}\n\n', /Not a record/],
    ['no space after the colon', 'data:{}\n\n', /Not a record/],
    ['a name that is not the type', 'event: a\ndata: {"type":"b"}\n\n', /Event a has the type b/],
    ['an event after [DONE]', 'data: [DONE]\n\ndata: {}\n\n', /follows \[DONE\]/],
    ['data that is not JSON', 'data: {\n\n', /JSON/],
  ])('refuses %s', (_what, stream, message) => {
    expect(() => parseEvents(stream)).toThrow(message);
  });
});
