import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, tool, toolUse } from '../../../../test/support/conversations.ts';
import { toolNames } from './tool-names.ts';

const declare = (...names: string[]) => {
  const passed = runPass(toolNames, conversation([], { tools: names.map((name) => tool(name)) }));
  return { wire: passed.conversation.tools.map(({ name }) => name), back: passed.toolNames, notes: notesOf(passed) };
};

describe('tool names', () => {
  it.each(['read_file', 'mcp__server__do-it', 'X', 'x'.repeat(64)])('stay if the service accepts them: %s', (name) => {
    expect(declare(name)).toEqual({ wire: [name], back: new Map([[name, name]]), notes: [] });
  });

  it.each(['server.tool', 'x'.repeat(65), '', 'böse', '读取', 'a b/c', '.9', '1st', '_x', '-x', '_', '9'])(
    'which it refuses get an alias and the way back: %s',
    (name) => {
      const { wire, back, notes } = declare(name);
      expect(wire[0]).toMatch(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/);
      expect(back?.get(wire[0] ?? '')).toBe(name);
      expect(notes).toEqual([`tool-name-alias tools.${name}`]);
    },
  );

  it('get an alias derived from the name alone, the same in every turn', () => {
    expect(declare('a.b', 'c').wire[0]).toBe(declare('d', 'e.f', 'a.b').wire[2]);
  });

  it('stay different under their aliases', () => {
    expect(new Set(declare('a.b', 'a:b', 'a_b', 'a/b').wire).size).toBe(4);
  });

  it('stay distinct if they differ only in case', () => {
    const { wire, back } = declare('Read', 'read', 'READ');
    expect(wire[0]).toBe('Read');
    expect(new Set(wire.map((name) => name.toLowerCase())).size).toBe(3);
    expect([...(back?.values() ?? [])]).toEqual(['Read', 'read', 'READ']);
  });

  it('put the original of an alias into the description', () => {
    const input = conversation([], {
      tools: [
        tool('1st', { description: 'Reads.' }),
        tool('_x', { description: ' ' }),
        tool('a\nb'),
        tool('plain'),
        tool('a\ud800b'),
      ],
    });
    const descriptions = runPass(toolNames, input).conversation.tools.map(({ description }) => description);
    expect(descriptions).toEqual([
      'Original name: 1st\nReads.',
      'Original name: _x',
      expect.stringMatching(/^Original name: "a\\nb"\n/),
      tool('plain').description,
      // The service refuses a body with an unpaired surrogate.
      expect.stringMatching(/^Original name: "a\\ud800b"\n/),
    ]);
  });

  it('count once if declared twice, with the first declaration', () => {
    const first = tool('read', { description: 'first' });
    const passed = runPass(toolNames, conversation([], { tools: [first, tool('read', { description: 'second' })] }));
    expect(passed.conversation.tools).toEqual([first]);
    expect(notesOf(passed)).toEqual(['tool-duplicate-dropped tools.read']);
  });

  it('are the same in history, and are noted once', () => {
    const passed = runPass(
      toolNames,
      conversation([assistant(toolUse('1', 'a.b'), toolUse('2', 'gone.tool')), assistant(toolUse('3', 'a.b'))], {
        tools: [tool('a.b')],
      }),
    );
    const [declared] = passed.conversation.tools;
    expect(passed.conversation.turns[1]?.parts).toMatchObject([{ name: declared?.name }]);
    expect(notesOf(passed)).toEqual(['tool-name-alias tools.a.b', 'tool-name-alias use 2']);
    expect([...(passed.toolNames?.values() ?? [])]).toEqual(['a.b', 'gone.tool']);
  });
});
