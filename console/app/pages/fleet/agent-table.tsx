import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { type FocusEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import type { AgentRow as Row } from '../../api/types.ts';
import { frozenOrder } from '../../live/frozen-order.ts';
import { Button } from '../../parts/button.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { counted } from '../../time/format.ts';
import { AgentCells } from './agent-cells.tsx';
import { type OptionalColumn, optionalColumns } from './optional-columns.ts';
import type { Selection } from './use-selection.ts';

const ROW_HEIGHT = 45;
/** On a narrow screen, a row is a card of several lines. */
const CARD_HEIGHT = 150;
/** Of a line of two facts in a card. */
const FACTS_HEIGHT = 22;
const titles: readonly { readonly title: string; readonly className?: string }[] = [
  { title: 'State' },
  { title: 'Agent', className: 'agent-title' },
  { title: 'Pool' },
  { title: 'Configuration', className: 'agent-wide' },
  { title: 'Last heard' },
  { title: 'Identity', className: 'agent-wide' },
  { title: 'Streams' },
  { title: 'Version', className: 'agent-wide' },
];

/**
 * The agents, of which only those in view are in the page. Their order is frozen while the pointer or the focus is in the
 * table: a row must not move away under a click.
 */
export function AgentTable({
  rows: agents,
  total,
  columns,
  orderKey,
  selection,
  onEnd,
}: {
  /** The rows that have been loaded, of `total`. */
  readonly rows: readonly Row[];
  readonly total: number;
  /** Those that are shown after the ones that always are. */
  readonly columns: readonly OptionalColumn[];
  readonly orderKey: string;
  readonly selection: Selection;
  /** Called when rows that are not loaded yet come into view. */
  readonly onEnd: () => void;
}) {
  const list = useRef<HTMLElement>(null);
  const { rows, changes, hold, apply } = useHeldOrder(agents, orderKey);
  const isNarrow = useIsNarrow();
  const virtual = useVirtualizer({
    count: Math.max(total, rows.length),
    getScrollElement: () => list.current,
    estimateSize: () => (isNarrow ? CARD_HEIGHT + FACTS_HEIGHT * Math.ceil(columns.length / 2) : ROW_HEIGHT),
    getItemKey: (index) => rows[index]?.name ?? index,
    measureElement: heightOf,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length) onEnd();
  }, [last, rows.length, onEnd]);
  return (
    <div {...hold}>
      {changes > 0 && (
        <div className="agent-changes" role="status">
          {counted(changes, 'change')} of order{' '}
          <Button size="small" onClick={apply}>
            Apply
          </Button>
        </div>
      )}
      <Scroll label="Agents" className="agents-scroll" ref={list}>
        <table className={columns.length > 0 ? 'agents agents-more' : 'agents'} aria-rowcount={total + 1}>
          <thead>
            <tr className="agent-row agents-head" aria-rowindex={1}>
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="Select all agents that are loaded"
                  checked={rows.length > 0 && rows.every(({ name }) => selection.names.has(name))}
                  onChange={(event) =>
                    selection.set(event.target.checked ? rows.map(({ name }) => name) : [])
                  }
                />
              </th>
              {titles.map(({ title, className }) => (
                <th key={title} scope="col" className={className}>
                  {title}
                </th>
              ))}
              {columns.map((column) => (
                <th key={column} scope="col" title={optionalColumns[column].about}>
                  {optionalColumns[column].title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="agents-body" style={{ height: `${virtual.getTotalSize()}px` }}>
            {items.map(({ index, key, start }) => {
              const row = rows[index];
              return (
                row !== undefined && (
                  <tr
                    key={key}
                    ref={virtual.measureElement}
                    data-index={index}
                    aria-rowindex={index + 2}
                    className="agent-row agent-place"
                    style={{ transform: `translateY(${start}px)` }}
                  >
                    <td className="agent-cell agent-select">
                      <input
                        type="checkbox"
                        aria-label={`Select ${row.name}`}
                        checked={selection.names.has(row.name)}
                        onChange={() => selection.toggle(row.name)}
                      />
                    </td>
                    <AgentCells row={row} columns={columns} />
                  </tr>
                )
              );
            })}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

/**
 * The height of a row as the browser reports it after a layout of its own; what is known or estimated until then. Reading it from the page
 * would force a layout for each row that comes into view.
 */
function heightOf(
  row: Element,
  entry: ResizeObserverEntry | undefined,
  { options, indexFromElement, itemSizeCache }: Virtualizer<HTMLElement, Element>,
): number {
  const size = entry?.borderBoxSize[0];
  if (size !== undefined) return Math.round(size.blockSize);
  const index = indexFromElement(row);
  return itemSizeCache.get(options.getItemKey(index)) ?? options.estimateSize(index);
}

/** The order of the rows, which does not change while somebody is in the table, until they ask for it. */
function useHeldOrder(agents: readonly Row[], orderKey: string) {
  const [isHeld, setHeld] = useState(false);
  const [held, setHeldRows] = useState<{ readonly key: string; readonly rows: readonly Row[] }>();
  const isOurs = held?.key === orderKey;
  const { rows, changes } = frozenOrder(isHeld && isOurs ? held.rows : undefined, agents, ({ name }) => name);
  const newest = useRef(rows);
  newest.current = rows;
  const start = () => {
    if (isHeld && isOurs) return;
    setHeld(true);
    setHeldRows({ key: orderKey, rows: newest.current });
  };
  // Another filter or order was asked for: what is shown is what was asked for.
  useEffect(() => {
    setHeldRows({ key: orderKey, rows: newest.current });
  }, [orderKey]);
  return {
    rows,
    changes,
    apply: () => setHeldRows({ key: orderKey, rows: agents }),
    hold: {
      onPointerEnter: start,
      onPointerLeave: (event: PointerEvent<HTMLElement>) => {
        if (!event.currentTarget.contains(document.activeElement)) setHeld(false);
      },
      onFocus: start,
      onBlur: (event: FocusEvent<HTMLElement>) => {
        if (!event.currentTarget.contains(event.relatedTarget) && !event.currentTarget.matches(':hover'))
          setHeld(false);
      },
    },
  };
}

function useIsNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia('(max-width: 720px)').matches);
  useEffect(() => {
    const query = matchMedia('(max-width: 720px)');
    const changed = () => setNarrow(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return isNarrow;
}
