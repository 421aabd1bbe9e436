/** What the list is restricted to. Every filter is in the address, and the gateway applies it to all rows. */
import { Autocomplete, Button, Checkbox, Collapse, Group, Select, SimpleGrid, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { IconFilter, IconPlayerPause, IconPlayerPlay, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { accountListQuery } from '../../api/accounts.ts';
import { keysQuery } from '../../api/client-keys.ts';
import { modelsQuery } from '../../api/models.ts';
import { PROTOCOLS } from './names.ts';
import { countFilters, type FilterName, type RequestsSearch } from './requests-search.ts';

interface FiltersProps {
  readonly search: RequestsSearch;
  readonly setSearch: (change: RequestsSearch) => void;
}

interface FilterBarProps extends FiltersProps {
  /** Further actions. */
  readonly children?: ReactNode;
}

const TYPING_MS = 250;
const OUTCOMES = ['error', 'failed', 'refused', 'timeout', 'abandoned', 'ok'] as const;

export function Filters({ search, setSearch, children }: FilterBarProps) {
  const { t } = useTranslation('requests');
  const { q, outcome, ...others } = search;
  const more = countFilters(others);
  const [isOpen, { toggle }] = useDisclosure(more > 0);
  const setText = useDebouncedCallback((text: string) => setSearch({ q: text.trim() || undefined }), TYPING_MS);
  const isLive = search.live !== false;
  const LiveIcon = isLive ? IconPlayerPause : IconPlayerPlay;
  return (
    <search aria-label={t('filter.label')}>
      <Group gap="xs" mb="sm">
        <TextInput
          key={q === undefined ? 'empty' : 'text'}
          type="search"
          aria-label={t('filter.q')}
          placeholder={t('filter.q')}
          leftSection={<IconSearch size={16} aria-hidden />}
          defaultValue={q ?? ''}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          style={{ flex: '1 1 220px', maxWidth: 380 }}
        />
        <Select
          aria-label={t('filter.outcome')}
          placeholder={t('filter.anyOutcome')}
          data={OUTCOMES.map((value) => ({ value, label: t(`outcome.${value}`) }))}
          value={outcome ?? null}
          onChange={(value) => setSearch({ outcome: value ?? undefined })}
          clearable
          w={168}
        />
        <Button
          variant="default"
          leftSection={<IconFilter size={16} aria-hidden />}
          onClick={toggle}
          aria-expanded={isOpen}
        >
          {more > 0 ? t('filter.moreCount', { count: more }) : t('filter.more')}
        </Button>
        <Button
          variant="default"
          leftSection={<LiveIcon size={16} aria-hidden />}
          onClick={() => setSearch({ live: isLive ? false : undefined })}
        >
          {t(isLive ? 'live.pause' : 'live.resume')}
        </Button>
        {children}
      </Group>
      <Collapse expanded={isOpen}>
        <MoreFilters search={search} setSearch={setSearch} />
      </Collapse>
    </search>
  );
}

function MoreFilters({ search, setSearch }: FiltersProps) {
  const { t } = useTranslation('requests');
  const { data: keys } = useQuery(keysQuery);
  const { data: accounts = [] } = useQuery(accountListQuery);
  const { data: catalogue } = useQuery(modelsQuery);
  const choice = (name: FilterName, data: readonly { readonly value: string; readonly label: string }[]) => (
    <Select
      label={t(`filter.${name}`)}
      data={withCurrent(data, search[name])}
      value={search[name] ?? null}
      onChange={(value) => setSearch({ [name]: value ?? undefined })}
      placeholder={t('filter.any')}
      searchable
      clearable
    />
  );
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} mb="sm">
      {choice('model', catalogue?.models.map(({ id }) => ({ value: id, label: id })) ?? [])}
      {choice('key', [
        ...(keys?.keys ?? []).map(({ id, name }) => ({ value: id, label: name })),
        { value: 'local', label: t('filter.local') },
        { value: 'none', label: t('filter.noKey') },
      ])}
      {choice(
        'account',
        accounts.map(({ id, label }) => ({ value: id, label })),
      )}
      {choice(
        'protocol',
        Object.entries(PROTOCOLS).map(([value, label]) => ({ value, label })),
      )}
      <FilterText name="client" data={CLIENTS} search={search} setSearch={setSearch} />
      <FilterText name="code" data={[]} search={search} setSearch={setSearch} />
      <Checkbox
        label={t('filter.all')}
        checked={search.kind === 'all'}
        onChange={({ currentTarget }) => setSearch({ kind: currentTarget.checked ? 'all' : undefined })}
        style={{ gridColumn: '1 / -1' }}
      />
    </SimpleGrid>
  );
}

/** Suggestions only: every program can be entered. */
const CLIENTS = ['claude-code', 'codex', 'opencode', 'cursor', 'continue', 'openai-python', 'openai-node', 'curl'];

interface FilterTextProps extends FiltersProps {
  readonly name: 'client' | 'code';
  readonly data: readonly string[];
}

function FilterText({ name, data, search, setSearch }: FilterTextProps) {
  const { t } = useTranslation('requests');
  const setText = useDebouncedCallback((text: string) => setSearch({ [name]: text.trim() || undefined }), TYPING_MS);
  return (
    <Autocomplete
      key={search[name] === undefined ? 'empty' : 'text'}
      label={t(`filter.${name}`)}
      data={[...data]}
      defaultValue={search[name] ?? ''}
      onChange={setText}
      placeholder={t('filter.any')}
    />
  );
}

/** A link may name something that is no longer in the list. */
function withCurrent(data: readonly { readonly value: string; readonly label: string }[], current: string | undefined) {
  if (current === undefined || data.some(({ value }) => value === current)) return [...data];
  return [...data, { value: current, label: current }];
}
