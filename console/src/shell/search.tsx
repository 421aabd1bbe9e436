/** Search for pages, accounts, keys and request ids, opened by `/` or ⌘K, used by keyboard alone. */
import { Modal, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type SearchResult, useSearchResults } from './search-results.ts';
import classes from './shell.module.css';

interface SearchProps {
  readonly isOpen: boolean;
  readonly close: () => void;
}

export function Search({ isOpen, close }: SearchProps) {
  const { t } = useTranslation('shell');
  return (
    <Modal opened={isOpen} onClose={close} title={t('search.label')} size="lg" yOffset="10vh">
      <SearchBox close={close} />
    </Modal>
  );
}

function SearchBox({ close }: Pick<SearchProps, 'close'>) {
  const { t } = useTranslation('shell');
  const navigate = useNavigate();
  const listId = useId();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const results = useSearchResults(query);
  const open = (result: SearchResult | undefined) => {
    if (!result) return;
    close();
    if (result.href !== undefined) location.assign(result.href);
    else void navigate({ to: result.to, search: result.search } as Parameters<typeof navigate>[0]);
  };
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && results.length > 0) {
      event.preventDefault();
      setChosen((chosen + step + results.length) % results.length);
    }
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) open(results[chosen]);
  };
  const optionId = (index: number) => `${listId}-${index}`;
  return (
    <>
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={results.length > 0 ? optionId(chosen) : undefined}
        aria-label={t('search.label')}
        placeholder={t('search.placeholder')}
        value={query}
        onChange={({ currentTarget }) => {
          setQuery(currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={move}
      />
      <div role="listbox" id={listId} aria-label={t('search.label')} className={classes.results}>
        {results.map((result, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the text field above has the focus and the keys
          <div
            key={`${result.kind} ${result.label}`}
            id={optionId(index)}
            role="option"
            aria-selected={index === chosen}
            className={classes.result}
            onClick={() => open(result)}
            onMouseMove={() => setChosen(index)}
          >
            <span>{result.label}</span>
            <span className={classes.resultKind}>{result.kind}</span>
          </div>
        ))}
      </div>
      {results.length === 0 && <p className={classes.noResult}>{t('search.empty', { query })}</p>}
    </>
  );
}
