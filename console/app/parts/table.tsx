import './table.css';
import type { ReactNode } from 'react';
import { Scroll } from './scroll.tsx';

export type Column<Row> = {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Takes the whole width on a narrow screen, without its title. */
  readonly isMain?: boolean;
  /** Buttons: at the end of the row, with a title for those who hear it only. */
  readonly isAction?: boolean;
  /** Says nothing for this row: left out where rows are cards. */
  readonly isEmpty?: (row: Row) => boolean;
};

/** A table of up to some hundred rows. On a narrow screen, each row is a card. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
  onRow,
}: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Marks rows of interest. */
  readonly onRow?: (row: Row) => { readonly className?: string };
}) {
  return (
    <Scroll label={label} className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            {columns.map(({ key, title, isNumber, isAction }) => (
              <th key={key} scope="col" className={isNumber || isAction ? 'number' : undefined}>
                {isAction ? <span className="hidden-text">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className={onRow?.(row).className}>
              {columns.map(({ key, title, cell, isNumber, isMain, isAction, isEmpty }) => (
                <td
                  key={key}
                  data-title={isMain || isAction ? undefined : title}
                  className={[
                    isNumber && 'number',
                    isMain && 'main',
                    isAction && 'action',
                    isEmpty?.(row) && 'blank',
                  ]
                    .filter(Boolean)
                    .join(' ')}
                >
                  <div className="cell">{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
