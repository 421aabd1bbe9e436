/** How the API reference groups its operations. */

interface Tag {
  readonly name: string;
  readonly description: string;
}

const CLIENT_TAGS: readonly Tag[] = [
  { name: 'OpenAI', description: "OpenAI's APIs. Base URL: this gateway's address followed by `/v1`." },
  { name: 'Anthropic', description: "Anthropic's Messages API. Base URL: this gateway's address." },
];

const ACCOUNTS: Tag = { name: 'Accounts', description: 'The subscriptions that answer requests.' };

/** By the first part of the path below `/v2`. */
const ADMIN_TAGS: Readonly<Record<string, Tag>> = {
  activity: { name: 'Activity', description: 'What the gateway has done lately, and what needs attention.' },
  accounts: ACCOUNTS,
  trash: ACCOUNTS,
  auth: { name: 'Sign-in', description: 'Adds an account by signing in with a browser.' },
  imports: { name: 'Imports', description: "Other programs' sign-ins on the gateway's machine." },
  keys: { name: 'Keys', description: 'API keys for clients, with their limits.' },
  requests: { name: 'Requests', description: 'What was requested, how it was answered, and by which account.' },
  usage: { name: 'Usage', description: 'Tokens and credits over time, and what is left of each plan.' },
  events: { name: 'Events', description: 'Changes as they happen, as server-sent events.' },
  models: { name: 'Models', description: 'The models of the accounts.' },
  settings: { name: 'Settings', description: 'The effective settings, and those that can change at run time.' },
  session: { name: 'Sessions', description: 'Signing in to the console.' },
  audit: { name: 'Audit', description: 'What was changed, when and by whom.' },
  alerts: { name: 'Alerts', description: 'Conditions that need attention.' },
};

const OPERATION_TAG: Tag = { name: 'Operation', description: 'For monitoring and orchestration.' };

/** `tags`: what the route declares; it counts unless the path has a tag of its own. */
export function tagsOf(url: string, tags: readonly string[] = []): readonly string[] {
  const [, part = ''] = /^\/v2\/(\w+)/.exec(url) ?? [];
  const tag = ADMIN_TAGS[part];
  return tag ? [tag.name] : tags;
}

/** The tags in use, and how they are grouped: https://redocly.com/docs-legacy/api-reference-docs/specification-extensions/x-tag-groups */
export function describeTags(used: ReadonlySet<string>): object {
  const groups = [
    { name: 'Client APIs', tags: CLIENT_TAGS },
    { name: 'Admin API', tags: [...new Set(Object.values(ADMIN_TAGS))] },
    { name: 'Operation', tags: [OPERATION_TAG] },
  ].map(({ name, tags }) => ({ name, tags: tags.filter((tag) => used.has(tag.name)) }));
  const grouped = new Set(groups.flatMap(({ tags }) => tags.map((tag) => tag.name)));
  const others = [...used].filter((name) => !grouped.has(name));
  return {
    tags: [...groups.flatMap(({ tags }) => tags), ...others.map((name) => ({ name }))],
    'x-tagGroups': [...groups, { name: 'More', tags: others.map((name) => ({ name })) }]
      .filter(({ tags }) => tags.length > 0)
      .map(({ name, tags }) => ({ name, tags: tags.map((tag) => tag.name) })),
  };
}
