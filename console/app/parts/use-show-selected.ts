import { type RefObject, useLayoutEffect } from 'react';

/** Scrolls a row that is wider than the screen to its current item, and leaves the page where it is. */
export function useShowSelected(row: RefObject<HTMLElement | null>, selected: string): void {
  useLayoutEffect(() => {
    void selected;
    const item = row.current?.querySelector<HTMLElement>('[aria-current]');
    if (row.current === null || !item) return;
    const { offsetLeft, offsetWidth } = item;
    const start = row.current.offsetLeft;
    const left = offsetLeft - start;
    const isHidden =
      left < row.current.scrollLeft || left + offsetWidth > row.current.scrollLeft + row.current.clientWidth;
    if (isHidden) row.current.scrollLeft = left - (row.current.clientWidth - offsetWidth) / 2;
  }, [row, selected]);
}
