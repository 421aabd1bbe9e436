import { describe, expect, it } from 'vitest';
import { CalledTools } from './called-tools.ts';

const tools = (...names: string[]) => new CalledTools(new Map(names.map((name) => [name, name])));
const nameOf = (written: string, ...declared: string[]) => tools(...declared).find(written).name;

describe('the tool a call means', () => {
  it('is the declared one by its wire name, without respelling', () => {
    const called = new CalledTools(new Map([['tool_1st_ab', '1st']])).find('tool_1st_ab');
    expect(called).toMatchObject({ wireName: 'tool_1st_ab', name: '1st', isRespelled: false });
  });

  it('is found by the original name of an alias too', () => {
    const called = new CalledTools(new Map([['tool_1st_ab', '1st']])).find('1st');
    expect(called).toMatchObject({ wireName: 'tool_1st_ab', name: '1st', isRespelled: false });
  });

  const CODEX = ['collaboration__followup_task', 'collaboration__spawn', 'run', 'apply_patch'];
  it.each([
    ['followup_task', 'collaboration__followup_task'],
    ['collaboration.followup_task', 'collaboration__followup_task'],
    ['collaboration:followup_task', 'collaboration__followup_task'],
    ['collaboration/followup_task', 'collaboration__followup_task'],
    ['Collaboration.Followup_Task', 'collaboration__followup_task'],
    ['functions.followup_task', 'collaboration__followup_task'],
    ['functions.collaboration.followup_task', 'collaboration__followup_task'],
    ['functions.run', 'run'],
    ['functions__run', 'run'],
    ['functions:run', 'run'],
    ['default_api:run', 'run'],
    ['default_api.apply_patch', 'apply_patch'],
    ['Run', 'run'],
    ['APPLY_PATCH', 'apply_patch'],
  ])('is led back from %s to %s', (written, declared) => {
    expect(tools(...CODEX).find(written)).toMatchObject({ wireName: declared, name: declared, isRespelled: true });
  });

  it.each([
    ['read', 'Read', ['Read', 'mcp__files__read']],
    ['read', 'mcp__files__read', ['mcp__files__read', 'write']],
    ['files__read', 'mcp__files__read', ['mcp__files__read', 'mcp__mail__read']],
    ['functions.read', 'functions__read', ['functions__read', 'read']],
    ['A__B', 'A__B', ['A__B', 'a__b']],
  ])('prefers the closest likeness: %s is %s', (written, expected, declared) => {
    expect(nameOf(written, ...declared)).toBe(expected);
  });

  it.each([
    ['read', ['mcp__files__read', 'mcp__mail__read']],
    ['READ', ['Read', 'read']],
    ['a.b', ['a__b', 'a:b']],
    ['unheard_of', CODEX],
    ['task', CODEX],
    ['other.followup_task', CODEX],
    ['functions.', CODEX],
    ['', ['x__']],
    ['x', []],
  ])('stays what the model wrote when several fit, or none: %s', (written, declared) => {
    expect(tools(...declared).find(written)).toMatchObject({ wireName: written, name: written, isRespelled: false });
  });
});
