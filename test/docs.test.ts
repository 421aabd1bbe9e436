/** Tables in docs/ that mirror tables in the code, row by row in both directions. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTING_MEANINGS } from '../console/src/texts/zh-CN/setting-meanings.ts';
import { REASONS } from '../src/accounts/choice.ts';
import { DEFAULT_OPTIONS } from '../src/accounts/options.ts';
import { STRATEGIES } from '../src/accounts/strategies.ts';
import { RELOADABLE } from '../src/config/changeable.ts';
import { SETTINGS } from '../src/config/settings.ts';
import { ERROR_RULES } from '../src/core/errors.ts';
import { ALERT_TYPES } from '../src/gateway/alerts/conditions.ts';
import { EMULATION_RULES } from '../src/gateway/emulate/plan.ts';
import { MEDIA_RULES } from '../src/gateway/media/rules.ts';
import { WEB_SEARCH_RULES } from '../src/gateway/web-search/rules.ts';
import { alert } from '../src/http/admin/contract/alerts.ts';
import { METRICS } from '../src/metrics/definitions.ts';
import { FIELD_SUPPORT as ANTHROPIC_SUPPORT } from '../src/protocols/anthropic-messages/fields.ts';
import { PARSING_RULES } from '../src/protocols/notes.ts';
import { FIELD_SUPPORT as OPENAI_SUPPORT, OPENROUTER_FIELD_SUPPORT } from '../src/protocols/openai-chat/fields.ts';
import {
  CHAT_FIELD_SUPPORT,
  FIELD_SUPPORT as COMPLETIONS_SUPPORT,
  EDITOR_FIELD_SUPPORT,
} from '../src/protocols/openai-completions/fields.ts';
import { FIELD_SUPPORT as RESPONSES_SUPPORT } from '../src/protocols/openai-responses/fields.ts';
import { DIALECT_FIELD_SUPPORT } from '../src/protocols/reading/fields.ts';
import { DEFAULT_SERVICE } from '../src/simulator/service.ts';
import { ADJUSTMENT_RULES } from '../src/upstreams/codewhisperer/normalize/rules.ts';
import { REPLY_RULES } from '../src/upstreams/codewhisperer/reply-rules.ts';
import { MODEL_RULES } from '../src/upstreams/codewhisperer/resolve-model.ts';
import { readingMarkdown, ruleMarkdown } from '../src/upstreams/codewhisperer/rule-document.ts';
import { ADMIN_ROUTES } from './support/admin-routes.ts';

/** Cells of every table row whose first cell is `code`. */
function codeRows(page: string): string[][] {
  const text = readFileSync(resolve(import.meta.dirname, '../docs', page), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')));
}

describe('docs', () => {
  it.each(['README.md', 'README.zh-CN.md'])('lists every page in %s', (index) => {
    const folder = resolve(import.meta.dirname, '../docs');
    const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && !name.startsWith('README'));
    const listed = [...readFileSync(resolve(folder, index), 'utf8').matchAll(/^\| \[.*?\]\((.*?)\)/gm)];
    expect(listed.map(([, page]) => page).toSorted()).toEqual([...pages, 'clients/README.md', 'decisions'].toSorted());
  });
});

describe('docs/clients', () => {
  it('lists a page for each client, and nothing else', () => {
    const folder = resolve(import.meta.dirname, '../docs/clients');
    const pages = readdirSync(folder).filter((name) => name !== 'README.md');
    const listed = [...readFileSync(resolve(folder, 'README.md'), 'utf8').matchAll(/^\| \[.*?\]\((.*?)\)/gm)];
    expect(listed.map(([, page]) => page).toSorted()).toEqual(pages.toSorted());
  });
});

describe('docs/architecture.md', () => {
  it('traces a text delta and a token refresh through functions that exist', () => {
    const steps = codeRows('architecture.md').flatMap(([step = '']) => (step.includes('.ts:') ? [step] : []));
    expect(steps).toContain('accounts/refresh.ts:fresh');
    expect(steps).toContain('gateway/reply-stream.ts:#pass');
    expect(steps.filter((step) => !isDeclared(step))).toEqual([]);
  });
});

/** `step`: a file in src and a function or method in it, as `file:function`. */
function isDeclared(step: string): boolean {
  const [file = '', name = ''] = step.split(':');
  const source = readFileSync(resolve(import.meta.dirname, '../src', file), 'utf8');
  return new RegExp(`^( {2,4})?(export )?(async )?(function )?${name}(<\\w+>)?\\((.* \\{)?$`, 'm').test(source);
}

describe('docs/rules.md', () => {
  it('has the generated tables', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../docs/rules.md'), 'utf8');
    expect(page).toContain(`<!-- table: rules -->\n\n${ruleMarkdown()}\n\n<!-- end -->`);
    expect(page).toContain(`<!-- table: readings -->\n\n${readingMarkdown()}\n\n<!-- end -->`);
  });
});

describe('docs/errors.md', () => {
  it('lists the codes of the error table with their status, blame and retry', () => {
    const documented = codeRows('errors.md').map((cells) => cells.slice(0, 4));
    const inCode = Object.entries(ERROR_RULES).map(([code, { status, blame, retry }]) => [
      code,
      `${status}`,
      blame,
      retry,
    ]);
    expect(documented).toEqual(inCode);
  });
});

describe.each([
  ['errors.md', ['Meaning.', 'Why.', 'What to do.']],
  ['errors.zh-CN.md', ['含义。', '原因。', '处理。']],
])('docs/%s', (file, parts) => {
  const page = readFileSync(resolve(import.meta.dirname, '../docs', file), 'utf8');
  const sections = page.split(/^### /m).slice(1);

  it('has a section for each code, in the order of the error table', () => {
    expect(sections.map((section) => section.slice(0, section.indexOf('\n')))).toEqual(Object.keys(ERROR_RULES));
  });

  it('says in each section what the error means, why it occurs and what to do', () => {
    for (const section of sections) {
      const [, ...texts] = section.replace(/^## .*/ms, '').split(/\*\*(?:[^*]+)\*\*/);
      expect([...section.matchAll(/^\*\*([^*]+)\*\*/gm)].map(([, part]) => part)).toEqual(parts);
      for (const text of texts) expect(text.trim(), section).toMatch(/.{6,}/);
    }
  });
});

describe('docs/simulator.md', () => {
  it('lists every member of a variant of the service, its default first', () => {
    const rows = codeRows('simulator.md');
    for (const [member, value] of Object.entries(DEFAULT_SERVICE)) {
      const [, values = ''] = rows.find(([name]) => name === member) ?? [];
      expect(values, member).toMatch(new RegExp(`^\`?${value}\``));
    }
  });
});

describe('docs/accounts.md', () => {
  it('lists every reason to skip an account, every strategy and every option', () => {
    const rows = codeRows('accounts.md');
    for (const [reason, because] of Object.entries(REASONS)) expect(rows).toContainEqual([reason, because]);
    const names = rows.map(([name]) => name);
    for (const name of Object.keys({ ...STRATEGIES, ...DEFAULT_OPTIONS })) expect(names).toContain(name);
  });
});

describe('docs/admin-api.md', () => {
  it('lists every route of the admin API with what it does', () => {
    const inCode = ADMIN_ROUTES.map(({ method, path, summary }) => [
      `${method} ${path.replace(/:(\w+)/, '{$1}')}`,
      summary,
    ]);
    expect(codeRows('admin-api.md')).toEqual(inCode);
  });

  it('lists every alert and when it begins', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../docs/admin-api.md'), 'utf8');
    for (const [type, begins] of Object.entries(ALERT_TYPES)) expect(page).toContain(`\n| ${type} | ${begins} |\n`);
    expect(alert().shape.type.options).toEqual(Object.keys(ALERT_TYPES));
  });
});

describe('docs/operation.md', () => {
  it('gives the flags of Node that the launcher, `npm start` and the container image set', () => {
    const root = resolve(import.meta.dirname, '..');
    const flagsIn = (file: string, line: RegExp) => {
      const [, flags] = line.exec(readFileSync(resolve(root, file), 'utf8')) ?? [];
      return flags?.match(/--[\w-]+=\d+/g);
    };
    const flags = flagsIn('dragoman', /^exec "\$node"(.*)/m);
    expect(flags).toHaveLength(2);
    expect(flagsIn('package.json', /"start": "node (.*)"/)).toEqual(flags);
    expect(flagsIn('Dockerfile', /NODE_OPTIONS="(.*)"/)).toEqual(flags);
    expect(flagsIn('docs/operation.md', /NODE_OPTIONS="(.*?)"/)).toEqual(flags);
  });

  it('names every setting that SIGHUP applies, and no other', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../docs/operation.md'), 'utf8');
    const [, named = ''] = /These take\s+effect at once: (.*?) Those of the ledger/s.exec(page) ?? [];
    const names = [...RELOADABLE].map((key) => SETTINGS[key].name);
    expect([...named.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name).sort()).toEqual(names.sort());
  });
});

describe('docs/telemetry.md', () => {
  it('lists every metric with its type, labels and meaning', () => {
    const inCode = Object.values(METRICS).map(({ name, type, labels, help }) => [name, type, labels.join(', '), help]);
    const documented = codeRows('telemetry.md').filter(([name]) => name?.startsWith('dragoman_'));
    expect(documented.map(([name, type, labels = '', help]) => [name, type, labels.replaceAll('`', ''), help])).toEqual(
      inCode,
    );
  });
});

describe('docs/settings.md', () => {
  it('has the settings that the console explains in Chinese (console/src/texts/zh-CN/setting-meanings.ts)', () => {
    const documented = new Set(codeRows('settings.md').map(([name]) => name));
    expect(documented.size).toBeGreaterThan(50);
    expect(Object.keys(SETTING_MEANINGS).sort()).toEqual([...documented].sort());
    const english = Object.entries(SETTING_MEANINGS).filter(([, { meaning }]) => !/\p{Script=Han}/u.test(meaning));
    expect(english).toEqual([]);
  });
});

describe('docs/adjustments.md', () => {
  it('lists every adjustment and every lint rule with its meaning', () => {
    const inCode = [
      ...Object.entries({
        ...PARSING_RULES,
        ...MEDIA_RULES,
        ...MODEL_RULES,
        ...ADJUSTMENT_RULES,
        ...REPLY_RULES,
        ...EMULATION_RULES,
        ...WEB_SEARCH_RULES,
      }),
    ];
    expect(codeRows('adjustments.md').map((cells) => cells.map((cell) => cell.replaceAll('\\|', '|')))).toEqual(inCode);
  });
});

describe.each([
  ['openai-chat.md', { ...OPENAI_SUPPORT, ...OPENROUTER_FIELD_SUPPORT }],
  ['dialects.md', DIALECT_FIELD_SUPPORT],
  ['openai-responses.md', RESPONSES_SUPPORT],
  ['openai-completions.md', { ...COMPLETIONS_SUPPORT, ...EDITOR_FIELD_SUPPORT, ...CHAT_FIELD_SUPPORT }],
  ['anthropic-messages.md', ANTHROPIC_SUPPORT],
])('docs/%s', (page, supports) => {
  it('lists the support of every field', () => {
    expect(codeRows(page).map(([field, support]) => [field, support])).toEqual(Object.entries(supports));
  });
});
