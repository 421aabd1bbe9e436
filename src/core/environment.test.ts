import { describe, expect, it } from 'vitest';
import { assistant, conversation, user } from '../../test/support/conversations.ts';
import { type Environment, readEnvironment } from './environment.ts';

const NONE: Environment = { operatingSystem: undefined, currentWorkingDirectory: undefined, gitStatus: undefined };
const env = (more: Partial<Environment>): Environment => ({ ...NONE, ...more });

/** The formats are those of real clients; directories and files are invented. */
const CASES: readonly { name: string; text: string; environment: Environment }[] = [
  {
    name: 'Claude Code, `<env>` and gitStatus',
    text: [
      'Here is useful information about the environment you are running in:',
      '<env>',
      'Working directory: /srv/app',
      'Is directory a git repo: Yes',
      'Platform: darwin',
      'OS Version: Darwin 25.0.0',
      '</env>',
      'You are powered by a model.',
      '',
      'gitStatus: This is the git status at the start of the conversation. It will not update.',
      '',
      'Current branch: main',
      '',
      'Status:',
      'M src/a.ts',
      '?? b.ts',
      '',
      'Recent commits:',
      '62bf7e4 start',
    ].join('\n'),
    environment: env({
      operatingSystem: 'macos',
      currentWorkingDirectory: '/srv/app',
      gitStatus: 'Current branch: main\n\nStatus:\nM src/a.ts\n?? b.ts',
    }),
  },
  {
    name: 'Claude Code, "# Environment"',
    text: [
      '# Environment',
      'You have been invoked in the following environment: ',
      ' - Primary working directory: C:\\Users\\dev\\demo',
      ' - Is a git repository: false',
      ' - Additional working directories:',
      '  - D:\\other',
      ' - Platform: win32',
    ].join('\n'),
    environment: env({ operatingSystem: 'windows', currentWorkingDirectory: 'C:\\Users\\dev\\demo' }),
  },
  {
    name: 'Codex',
    text: '<environment_context>\n  <cwd>/srv/app</cwd>\n  <shell>bash</shell>\n</environment_context>',
    environment: env({ currentWorkingDirectory: '/srv/app' }),
  },
  {
    name: 'opencode',
    text: '<env>\n  Working directory: /srv/app\n  Is directory a git repo: yes\n  Platform: linux\n</env>',
    environment: env({ operatingSystem: 'linux', currentWorkingDirectory: '/srv/app' }),
  },
  {
    name: 'Crush',
    text: '<env>\nPlatform: linux\nGit status (snapshot at conversation start - may be outdated):\n M a.go\n</env>\nBe brief.',
    environment: env({ operatingSystem: 'linux', gitStatus: 'M a.go' }),
  },
  {
    name: 'Cline and Roo, system text',
    text: 'SYSTEM INFORMATION\n\nOperating System: macOS Sequoia\nDefault Shell: /bin/zsh\nCurrent Workspace Directory: /srv/app',
    environment: env({ operatingSystem: 'macos', currentWorkingDirectory: '/srv/app' }),
  },
  {
    name: 'Cline and Roo, first message',
    text: [
      '<environment_details>',
      '# Current Working Directory (/srv/my (old) app) Files',
      'a.ts',
      '',
      '# Git Status',
      '## main...origin/main',
      ' M a.ts',
      '',
      '# Current Mode',
      'ACT MODE',
      '</environment_details>',
    ].join('\n'),
    environment: env({ currentWorkingDirectory: '/srv/my (old) app', gitStatus: '## main...origin/main\n M a.ts' }),
  },
  {
    name: 'Cursor, sentences',
    text: "<user_info>\nThe user's OS version is win32 10.0.26100. The absolute path of the user's workspace is D:/code/app. The user's shell is pwsh.\n</user_info>",
    environment: env({ operatingSystem: 'windows', currentWorkingDirectory: 'D:/code/app' }),
  },
  {
    name: 'Cursor, lines',
    text: '<user_info>\nOS Version: darwin 25.5.0\n\nShell: zsh\n\nWorkspace Path: /srv/app\n</user_info>\n<git_status>\nThis is the git status at the start of the conversation.\n\n## main\n M a.ts\n</git_status>',
    environment: env({
      operatingSystem: 'macos',
      currentWorkingDirectory: '/srv/app',
      gitStatus: '## main\n M a.ts',
    }),
  },
  {
    name: 'VS Code',
    text: "<environment_info>\nThe user's current OS is: Linux\n</environment_info>\n<workspace_info>\nI am working in a workspace with the following folders:\n- /workspaces/app\n</workspace_info>",
    environment: env({ operatingSystem: 'linux', currentWorkingDirectory: '/workspaces/app' }),
  },
  {
    name: 'VS Code, one folder',
    text: 'I am working from a workspace within the following folder: `/workspaces/app`',
    environment: env({ currentWorkingDirectory: '/workspaces/app' }),
  },
  {
    name: 'Copilot CLI',
    text: '<environment_context>\n* Current working directory: /srv/app\n* Git repository root: Not a git repository\n* Operating System: Linux\n</environment_context>',
    environment: env({ operatingSystem: 'linux', currentWorkingDirectory: '/srv/app' }),
  },
  {
    name: 'Qwen Code and Gemini CLI',
    text: "This is the CLI. We are setting up the context for our chat.\nMy operating system is: linux\nI'm currently working in the directory: /srv/app\nHere is the folder structure",
    environment: env({ operatingSystem: 'linux', currentWorkingDirectory: '/srv/app' }),
  },
  {
    name: 'Markdown in bold',
    text: '- **Platform:** macOS\n- **Working directory**: /srv/app',
    environment: env({ operatingSystem: 'macos', currentWorkingDirectory: '/srv/app' }),
  },
  {
    name: 'nothing of the kind',
    text: [
      'Our platform is Linux.',
      'Platform: the web',
      'Working directory: relative/path',
      'Working directory',
      'The platform: linux',
      'git status',
      '# Git status of a branch',
      '<cwd>',
    ].join('\n'),
    environment: NONE,
  },
];

describe('the environment stated by a client', () => {
  it.each(CASES)('is read from $name', ({ text, environment }) => {
    expect(readEnvironment(conversation([user(text)]))).toEqual(environment);
    const system = [{ at: 'system', text, cachePoint: false }];
    expect(readEnvironment(conversation([user('Hi')], { system }))).toEqual(environment);
  });

  it('takes the first statement of each kind, from the system text and then the messages', () => {
    const system = [{ at: 'system', text: 'Platform: linux\nPlatform: darwin', cachePoint: false }];
    const turns = [user('Platform: win32\nWorking directory: /a'), user('Working directory: /b')];
    expect(readEnvironment(conversation(turns, { system }))).toEqual(
      env({ operatingSystem: 'linux', currentWorkingDirectory: '/a' }),
    );
  });

  it('does not change with later turns', () => {
    const later = [user('Platform: linux'), assistant('Working directory: /c'), user('Working directory: /b')];
    expect(readEnvironment(conversation(later))).toEqual(env({ operatingSystem: 'linux' }));
  });

  it('is searched for in a bounded part of the opening', () => {
    const filler = `${'x'.repeat(99)}\n`;
    const near = `${filler.repeat(2_000)}Platform: linux`;
    const far = `${filler.repeat(3_000)}Platform: linux`;
    expect(readEnvironment(conversation([user(near)])).operatingSystem).toBe('linux');
    expect(readEnvironment(conversation([user(far)]))).toEqual(NONE);
    expect(readEnvironment(conversation([user(filler.repeat(3_000)), user('Platform: linux')]))).toEqual(NONE);
    expect(readEnvironment(conversation([user(`Working directory: /${'x'.repeat(2_000)}`)]))).toEqual(NONE);
    const { gitStatus } = readEnvironment(conversation([user(`gitStatus:\n${' M a.ts\n'.repeat(5_000)}`)]));
    expect(gitStatus).toHaveLength(8_192);
  });
});
