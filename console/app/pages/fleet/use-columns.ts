import { useMemo } from 'react';
import { store, stored } from '../../look/theme.ts';
import { columnsField, type OptionalColumn } from './optional-columns.ts';

type Columns = readonly OptionalColumn[];

const KEY = 'penstock.columns';
const read = (text: string): Columns => columnsField.read(text) ?? [];
let remembered = read(stored(KEY) ?? '');

/** What was chosen last in this browser, which a URL without columns shows. Whoever changes it changes the URL too. */
export function rememberColumns(columns: Columns): void {
  remembered = columns;
  store(KEY, columns.length === 0 ? undefined : columnsField.write(columns));
}

/** The columns of a URL, or those chosen last; the same array as long as they are the same, for rows that are memoized. */
export function useColumns(fromUrl: Columns): Columns {
  const text = columnsField.write(fromUrl.length > 0 ? fromUrl : remembered);
  return useMemo(() => read(text), [text]);
}
