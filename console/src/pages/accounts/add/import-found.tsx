/** Sign-ins of other programs on the gateway's machine, to choose from. */
import { Button, Checkbox, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type FoundSignIn, importSignIns, importsQuery } from '../../../api/accounts.ts';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { StatusBadge, type Tone } from '../../../components/status-badge.tsx';
import { announce } from '../../../components/undo.tsx';
import classes from '../accounts.module.css';

const TONES: Record<FoundSignIn['state'], Tone> = { new: 'good', replaces: 'good', known: 'off', unusable: 'bad' };

export function ImportFound({ close }: { readonly close: () => void }) {
  const { t } = useTranslation('accounts');
  const { data: found, error, refetch } = useQuery(importsQuery);
  const [chosen, setChosen] = useState<ReadonlySet<string> | undefined>();
  const [problem, setProblem] = useState<Error | undefined>();
  const [isImporting, setIsImporting] = useState(false);
  if (error) return <ErrorNotice error={error} retry={refetch} />;
  if (!found) return <Skeleton height={120} />;
  const usable = found.filter(({ state }) => state === 'new' || state === 'replaces');
  const ids = chosen ?? new Set(usable.filter(({ isSure }) => isSure).map(({ id }) => id));
  const toggle = (id: string) => setChosen(new Set(ids.has(id) ? [...ids].filter((one) => one !== id) : [...ids, id]));
  const submit = async () => {
    setIsImporting(true);
    try {
      const count = await importSignIns([...ids]);
      announce(t('import.done', { count }));
      close();
    } catch (cause) {
      setProblem(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setIsImporting(false);
    }
  };
  if (found.length === 0)
    return (
      <Stack gap="xs">
        <Text>{t('import.none')}</Text>
        <Text size="sm" c="dimmed">
          {t('import.noneHelp')}
        </Text>
      </Stack>
    );
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t('import.lead')}
      </Text>
      {problem && <ErrorNotice error={problem} />}
      <ul className={classes.found}>
        {found.map((entry) => (
          <FoundEntry
            key={`${entry.id} ${entry.place}`}
            entry={entry}
            isChosen={ids.has(entry.id)}
            toggle={usable.includes(entry) ? () => toggle(entry.id) : undefined}
          />
        ))}
      </ul>
      <div>
        <Button onClick={submit} loading={isImporting} disabled={ids.size === 0}>
          {t('import.submit', { count: ids.size })}
        </Button>
      </div>
    </Stack>
  );
}

interface FoundEntryProps {
  readonly entry: FoundSignIn;
  readonly isChosen: boolean;
  readonly toggle: (() => void) | undefined;
}

function FoundEntry({ entry, isChosen, toggle }: FoundEntryProps) {
  const { t } = useTranslation('accounts');
  const { label, kind, region, secret, state, place, isSure, isLinked, problem } = entry;
  const details = [kind && t(`kinds.${kind}`), region, secret].filter(Boolean).join(' · ');
  return (
    <li className={classes.foundEntry}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Checkbox
          label={label}
          aria-label={t('import.select', { label })}
          checked={isChosen && toggle !== undefined}
          onChange={() => toggle?.()}
          disabled={toggle === undefined}
        />
        <StatusBadge tone={TONES[state]}>{t(`import.states.${state}`)}</StatusBadge>
      </Group>
      <Text size="sm" mt={4}>
        {details}
      </Text>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {place}
      </Text>
      {problem && <Text size="sm">{problem.message}</Text>}
      {!isSure && <Text size="sm">{t('import.unsure')}</Text>}
      {isLinked && (
        <Text size="xs" c="dimmed">
          {t('import.linked')}
        </Text>
      )}
    </li>
  );
}
