/**
 * Many rows to compare: only those in view are drawn. Sorting, filtering and paging are the gateway's, so that they cover all
 * rows and not only the loaded ones.
 */
import { ActionIcon, Menu, Skeleton, Text, Tooltip } from '@mantine/core';
import { useCallbackRef, useHotkeys } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp, IconColumns } from '@tabler/icons-react';
import { columnVisibilityFeature, createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DataRow } from './data-row.tsx';
import classes from './data-table.module.css';

export interface DataColumn<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Share of the width, in pixels at least. */
  readonly width: number;
  readonly align?: 'right';
  /** The gateway can sort by it. */
  readonly sortable?: boolean;
  /** A column that is empty in every row is not shown. */
  readonly isEmpty?: (row: Row) => boolean;
  /** Not shown until the reader chooses it. */
  readonly optional?: boolean;
  /** Not on a phone. */
  readonly secondary?: boolean;
  /** Only in a wide window. */
  readonly tertiary?: boolean;
}

export interface Sorting {
  readonly column: string;
  readonly descending: boolean;
}

interface DataTableProps<Row> {
  /** Accessible name; the chosen columns are remembered under `name`. */
  readonly label: string;
  readonly name: string;
  readonly columns: readonly DataColumn<Row>[];
  /** Undefined while the first page is loaded. */
  readonly rows: readonly Row[] | undefined;
  readonly rowId: (row: Row) => string;
  readonly open?: (row: Row) => void;
  readonly selectedId?: string | undefined;
  readonly sorting?: Sorting | undefined;
  readonly sortBy?: (sorting: Sorting) => void;
  /** Called near the end of the rows. */
  readonly loadMore?: (() => void) | undefined;
  /** In place of the rows, if there are none. */
  readonly empty: ReactNode;
  /** Pixels; default: as high as the window allows. */
  readonly height?: number;
}

const ROW_PX = 44;
const features = tableFeatures({ columnVisibilityFeature });

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowId, open, selectedId, loadMore, empty, height } = props;
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const visibility = useVisibility(props);
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return columns.map((column) => helper.display({ id: column.id, header: column.header }));
  }, [columns]);
  const data = useMemo(() => [...(rows ?? [])], [rows]);
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: rowId,
    state: { columnVisibility: visibility.shown },
  });
  const shownIds = table
    .getVisibleLeafColumns()
    .map(({ id }) => id)
    .join(' ');
  // The same array until a column comes or goes: rows are drawn again when it changes.
  const visible = useMemo(() => {
    const shown = new Set(shownIds.split(' '));
    return columns.filter(({ id }) => shown.has(id));
  }, [columns, shownIds]);
  const openRow = useCallbackRef(open);
  const virtual = useVirtualizer({
    count: data.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (loadMore && data.length > 0 && lastIndex >= data.length - 20) loadMore();
  }, [loadMore, lastIndex, data.length]);
  const rowKeys = useRowKeys({ count: data.length, scrollTo: virtual.scrollToIndex, scroller });
  if (rows !== undefined && rows.length === 0) return <>{empty}</>;
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div className={classes.frame}>
      <div className={classes.scroller} ref={scroller} style={height === undefined ? undefined : { maxHeight: height }}>
        <table
          className={classes.table}
          aria-label={label}
          aria-rowcount={data.length + 1}
          aria-busy={rows === undefined}
        >
          <colgroup>
            {visible.map(({ id, width, tertiary }) => (
              <col key={id} style={{ width }} data-tertiary={tertiary} />
            ))}
          </colgroup>
          <TableHead {...props} visible={visible} />
          <tbody onKeyDown={rowKeys.onKeyDown}>
            {rows === undefined && <LoadingRows columns={visible.length} />}
            {before > 0 && <tr aria-hidden style={{ height: before }} />}
            {items.map(({ index }) => {
              const row = data[index];
              if (!row) return null;
              const id = rowId(row);
              return (
                <DataRow
                  key={id}
                  row={row}
                  index={index}
                  columns={visible}
                  isSelected={id === selectedId}
                  isCurrent={index === rowKeys.current}
                  opens={open !== undefined}
                  open={openRow}
                  focused={rowKeys.setCurrent}
                />
              );
            })}
            {after > 0 && <tr aria-hidden style={{ height: after }} />}
          </tbody>
        </table>
      </div>
      <div className={classes.foot}>
        <Text size="xs" c="dimmed">
          {t('table.rows', { count: data.length })}
          {open && <span className={classes.hint}> · {t('table.keys')}</span>}
        </Text>
        <ColumnChooser columns={columns} {...visibility} />
      </div>
    </div>
  );
}

interface TableHeadProps<Row> extends Pick<DataTableProps<Row>, 'sorting' | 'sortBy'> {
  readonly visible: readonly DataColumn<Row>[];
}

function TableHead<Row>({ visible, sorting, sortBy }: TableHeadProps<Row>) {
  return (
    <thead>
      <tr>
        {visible.map(({ id, header, sortable, align, secondary, tertiary }) => {
          const direction = sorting?.column === id ? (sorting.descending ? 'descending' : 'ascending') : undefined;
          const Arrow = direction === 'ascending' ? IconArrowUp : IconArrowDown;
          return (
            <th
              key={id}
              scope="col"
              data-align={align}
              data-secondary={secondary}
              data-tertiary={tertiary}
              aria-sort={direction}
              title={header}
            >
              {sortable && sortBy ? (
                <button
                  type="button"
                  className={classes.sort}
                  onClick={() => sortBy({ column: id, descending: direction !== 'descending' })}
                >
                  {header}
                  {direction && <Arrow size={14} aria-hidden />}
                </button>
              ) : (
                header
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function LoadingRows({ columns }: { readonly columns: number }) {
  return Array.from({ length: 8 }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they have no identity
    <tr key={row} className={classes.row} aria-hidden>
      {Array.from({ length: columns }, (_, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have no identity
        <td key={column}>
          <Skeleton height={12} width={`${45 + ((row * 7 + column * 13) % 40)}%`} />
        </td>
      ))}
    </tr>
  ));
}

interface RowKeysOptions {
  readonly count: number;
  readonly scrollTo: (index: number) => void;
  readonly scroller: React.RefObject<HTMLElement | null>;
}

/** `j`, `k` and the arrows move between rows. Only one row is in the tab order. */
function useRowKeys({ count, scrollTo, scroller }: RowKeysOptions) {
  const [current, setCurrent] = useState(0);
  const move = (step: number, from = current) => {
    const next = Math.min(count - 1, Math.max(0, from + step));
    if (count === 0) return;
    setCurrent(next);
    scrollTo(next);
    // The row may only be drawn after scrolling.
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus());
  };
  const isInside = () => scroller.current?.contains(document.activeElement) === true;
  useHotkeys([
    ['j', () => move(isInside() ? 1 : 0)],
    ['k', () => move(isInside() ? -1 : 0)],
  ]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(step);
  };
  return { current: Math.min(current, Math.max(0, count - 1)), setCurrent, onKeyDown };
}

interface Visibility {
  readonly shown: Record<string, boolean>;
  readonly toggle: (id: string) => void;
}

/** A column the reader chose stays; otherwise one that is empty in every row is hidden. */
function useVisibility<Row>({ name, columns, rows = [] }: DataTableProps<Row>): Visibility {
  const storedUnder = `dragoman.columns.${name}`;
  const [chosen, setChosen] = useState<Record<string, boolean>>(() => readStored(storedUnder));
  const shown = useMemo(() => {
    const isFilled = ({ isEmpty, optional }: DataColumn<Row>) =>
      !optional && (!isEmpty || rows.length === 0 || rows.some((row) => !isEmpty(row)));
    return Object.fromEntries(columns.map((column) => [column.id, chosen[column.id] ?? isFilled(column)]));
  }, [columns, rows, chosen]);
  const toggle = (id: string) => {
    const next = { ...chosen, [id]: !shown[id] };
    setChosen(next);
    localStorage.setItem(storedUnder, JSON.stringify(next));
  };
  return { shown, toggle };
}

function readStored(key: string): Record<string, boolean> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, boolean>) : {};
  } catch {
    return {};
  }
}

interface ColumnChooserProps extends Visibility {
  readonly columns: readonly { readonly id: string; readonly header: string }[];
}

function ColumnChooser({ columns, shown, toggle }: ColumnChooserProps) {
  const { t } = useTranslation();
  return (
    <Menu position="top-end" closeOnItemClick={false}>
      <Menu.Target>
        <Tooltip label={t('columns.choose')}>
          <ActionIcon variant="subtle" color="gray" aria-label={t('columns.choose')}>
            <IconColumns size={17} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('columns.shown')}</Menu.Label>
        {columns.map(({ id, header }) => (
          <Menu.CheckboxItem key={id} checked={shown[id] === true} onChange={() => toggle(id)}>
            {header}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
