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
            {columns.map(({ key, title, isNumber }) => (
              <th key={key} scope="col" className={isNumber ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className={onRow?.(row).className}>
              {columns.map(({ key, title, cell, isNumber, isMain, isEmpty }) => (
                <td
                  key={key}
                  data-title={isMain ? undefined : title}
                  className={`${isNumber ? 'number' : ''} ${isMain ? 'main' : ''} ${isEmpty?.(row) ? 'blank' : ''}`}
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
