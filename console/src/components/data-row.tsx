/** One row of a table. Drawn again only if something about it changes, since a key press moves through many rows. */
import { memo } from 'react';
import classes from './data-table.module.css';
import type { DataColumn } from './data-table.tsx';

interface DataRowProps<Row> {
  readonly row: Row;
  readonly index: number;
  readonly columns: readonly DataColumn<Row>[];
  readonly isSelected: boolean;
  /** In the tab order. */
  readonly isCurrent: boolean;
  readonly opens: boolean;
  readonly open: (row: Row) => void;
  readonly focused: (index: number) => void;
}

function DrawnRow<Row>({ row, index, columns, isSelected, isCurrent, opens, open, focused }: DataRowProps<Row>) {
  return (
    <tr
      data-row={index}
      aria-rowindex={index + 2}
      className={classes.row}
      data-selected={isSelected || undefined}
      data-opens={opens || undefined}
      tabIndex={opens ? (isCurrent ? 0 : -1) : undefined}
      onFocus={() => focused(index)}
      onClick={() => open(row)}
      onKeyDown={({ key, target, currentTarget }) => {
        if (key === 'Enter' && target === currentTarget) open(row);
      }}
    >
      {columns.map((column) => {
        const content = column.cell(row);
        return (
          <td
            key={column.id}
            data-align={column.align}
            data-secondary={column.secondary}
            data-tertiary={column.tertiary}
            title={typeof content === 'string' ? content : undefined}
          >
            {content}
          </td>
        );
      })}
    </tr>
  );
}

export const DataRow = memo(DrawnRow) as typeof DrawnRow;
