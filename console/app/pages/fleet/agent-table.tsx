import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { type FocusEvent, memo, type PointerEvent, useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { AgentRow as Row } from '../../api/types.ts';
import { frozenOrder } from '../../live/frozen-order.ts';
import { Button } from '../../parts/button.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { AgentStateBadge } from '../../parts/state.tsx';
import { Age, Until } from '../../parts/time.tsx';
import { count, counted, withShortDigests } from '../../time/format.ts';
import type { Selection } from './use-selection.ts';

const ROW_HEIGHT = 45;
/** On a narrow screen, a row is a card of several lines. */
const CARD_HEIGHT = 150;
const columns = [
  'State',
  'Agent',
  'Pool',
  'Configuration',
  'Last heard',
  'Identity',
  'Streams',
  'Version',
] as const;

/**
 * The agents, of which only those in view are in the page. Their order is frozen while the pointer or the focus is in the
 * table: a row must not move away under a click.
 */
export function AgentTable({
  rows: agents,
  total,
  orderKey,
  selection,
  onEnd,
}: {
  /** The rows that have been loaded, of `total`. */
  readonly rows: readonly Row[];
  readonly total: number;
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
    estimateSize: () => (isNarrow ? CARD_HEIGHT : ROW_HEIGHT),
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
        <table className="agents" aria-rowcount={total + 1}>
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
              {columns.map((title) => (
                <th key={title} scope="col">
                  {title}
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
                    <AgentCells row={row} />
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

/** Drawn again only for another row: while somebody types into the filter, the rows stay what they are until the answer. */
const AgentCells = memo(function AgentCells({ row }: { readonly row: Row }) {
  const { name, state, code, message, detail, pool, configVersion, pinVersion } = row;
  // No pin applies to an agent that never connects again.
  const drift = state === 'revoked' ? undefined : row.drift;
  return (
    <>
      <td className="agent-cell">
        <AgentStateBadge state={state} />
      </td>
      <td className="agent-cell agent-name">
        <Link href={`/agents/${name}`}>{name}</Link>
        {code !== 'CONNECTED' && (
          <span className="agent-why" title={detail === undefined ? message : `${message} ${detail}`}>
            {message} {detail !== undefined && withShortDigests(detail)}
          </span>
        )}
      </td>
      <td className="agent-cell" data-title="Pool">
        <Link href={`/pools/${pool}`} className="agent-pool" title={pool}>
          {pool}
        </Link>
      </td>
      <td className="agent-cell" data-title="Configuration">
        {configVersion === undefined ? <span className="faint">unknown</span> : `v${configVersion}`}
        {drift === 'version' && (
          <span className="state-bad" title={`Version ${pinVersion} is pinned`}>
            {' '}
            ≠ v{pinVersion}
          </span>
        )}
        {drift === 'content' && (
          <span className="state-bad" title="Its file was changed without a new version">
            {' '}
            changed
          </span>
        )}
        {drift === 'none' && (
          <span className="state-ok" title="It runs what is pinned">
            {' '}
            = pin
          </span>
        )}
      </td>
      <td className="agent-cell" data-title="Last heard">
        <Age at={row.lastHeartbeat} />
      </td>
      <td className="agent-cell" data-title="Identity">
        {row.identityNotAfter === undefined || state === 'revoked' ? (
          <span className="faint">none</span>
        ) : (
          <>
            <Until at={row.identityNotAfter} /> <span className="faint">left</span>
          </>
        )}
      </td>
      <td className="agent-cell" data-title="Streams">
        {count(row.streams)}
      </td>
      <td className="agent-cell" data-title="Version">
        {row.softwareVersion ?? <span className="faint">unknown</span>}
      </td>
    </>
  );
});

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
