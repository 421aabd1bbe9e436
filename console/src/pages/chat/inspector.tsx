/** The last request as the gateway saw it: what was sent, which account answered, what was changed, the events. */
import { Anchor, List, Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { accountListQuery } from '../../api/accounts.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { formatDuration } from '../../components/numbers.ts';
import classes from './chat.module.css';
import type { ClientRequest } from './conversation.ts';
import { parseRoute } from './exchange.ts';
import { UpstreamView } from './upstream-view.tsx';
import type { Exchange } from './use-chat.ts';

export function Inspector({ exchange }: { readonly exchange: Exchange | undefined }) {
  const { t } = useTranslation('chat');
  return (
    <section className={classes.inspector} aria-label={t('inspect')}>
      <Title order={2} mb="xs">
        {t('inspect')}
      </Title>
      {exchange === undefined ? (
        <Text size="sm" c="dimmed">
          {t('nothing')}
        </Text>
      ) : (
        <Tabs defaultValue="route" keepMounted={false}>
          <Tabs.List mb="sm">
            {(['route', 'request', 'upstream', 'events'] as const).map((tab) => (
              <Tabs.Tab key={tab} value={tab}>
                {t(`tabs.${tab}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="route">
            <RouteView exchange={exchange} />
          </Tabs.Panel>
          <Tabs.Panel value="request">
            <Stack gap="sm">
              <CodeBlock
                code={JSON.stringify(shortened(exchange.request.body), null, 2)}
                label={t('body')}
                title={`POST ${exchange.request.path}`}
              />
              <CodeBlock code={toCurl(exchange.request)} label={t('asCurl')} />
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="upstream">
            {exchange.totalMs !== undefined && exchange.headers?.requestId ? (
              <UpstreamView requestId={exchange.headers.requestId} />
            ) : (
              <Text size="sm" c="dimmed">
                {t('notEnded')}
              </Text>
            )}
          </Tabs.Panel>
          <Tabs.Panel value="events">
            <CodeBlock
              code={exchange.events.join('\n\n')}
              label={t('tabs.events')}
              title={t('eventCount', { count: exchange.eventCount })}
            />
          </Tabs.Panel>
        </Tabs>
      )}
    </section>
  );
}

function RouteView({ exchange }: { readonly exchange: Exchange }) {
  const { t } = useTranslation('chat');
  const { data: accounts } = useQuery(accountListQuery);
  const { requestId, adjustments = [], route } = exchange.headers ?? {};
  const facts = route === undefined ? undefined : parseRoute(route);
  const label = accounts?.find(({ id }) => id === facts?.account)?.label ?? facts?.account;
  const rows: readonly (readonly [string, React.ReactNode])[] = [
    [t('requestId'), requestId && <code>{requestId}</code>],
    [t('account'), label],
    [t('answeredBy'), facts?.model && <code>{facts.model}</code>],
    [t('profile'), facts?.profile && <code>{facts.profile}</code>],
    [t('attempt'), facts?.attempt],
    [t('strategy'), facts?.strategy],
    [t('waited'), facts?.waited && formatDuration(Number(facts.waited))],
    [t('skipped'), facts && facts.skipped.length > 0 ? facts.skipped.join(', ') : undefined],
  ];
  return (
    <Stack gap="md">
      <dl className={classes.facts}>
        {rows.map(([name, value]) =>
          value ? (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
      {requestId && (
        <Anchor component={Link} to={`/requests/${requestId}` as '/requests'} size="sm">
          {t('openRequest')}
        </Anchor>
      )}
      <div>
        <Title order={3} mb={4}>
          {t('adjustments')}
        </Title>
        {adjustments.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('noAdjustments')}
          </Text>
        ) : (
          <List size="sm" spacing={2}>
            {adjustments.map((adjustment) => (
              <List.Item key={adjustment}>
                <code className={classes.adjustment}>{adjustment}</code>
              </List.Item>
            ))}
          </List>
        )}
      </div>
    </Stack>
  );
}

/** Images as their beginning: nothing is gained by showing megabytes. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.length > 2_000 ? `${value.slice(0, 80)}… (${value.length})` : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shortened(member)]));
}

function toCurl({ path, headers, body }: ClientRequest): string {
  const all = { authorization: 'Bearer YOUR_KEY', 'content-type': 'application/json', ...headers };
  const flags = Object.entries(all).map(([name, value]) => `  -H '${name}: ${value}' \\\n`);
  const data = JSON.stringify(body).replaceAll("'", `'\\''`);
  return `curl -N ${location.origin}${path} \\\n${flags.join('')}  -d '${data}'`;
}
