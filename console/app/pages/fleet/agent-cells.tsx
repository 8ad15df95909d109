import { memo } from 'react';
import { Link } from 'wouter';
import type { AgentRow } from '../../api/types.ts';
import { AgentStateBadge } from '../../parts/state.tsx';
import { Age, Until } from '../../parts/time.tsx';
import { count, withShortDigests } from '../../time/format.ts';
import { type OptionalColumn, optionalColumns } from './optional-columns.ts';

/** Drawn again only for another row or other columns: while somebody types into the filter, the rows stay what they are until the answer. */
export const AgentCells = memo(function AgentCells({
  row,
  columns,
}: {
  readonly row: AgentRow;
  readonly columns: readonly OptionalColumn[];
}) {
  const { name, state, code, message, detail, pool, configVersion, pinVersion } = row;
  // No pin applies to an agent that never connects again.
  const drift = state === 'revoked' ? undefined : row.drift;
  return (
    <>
      <td className="agent-cell agent-main">
        <AgentStateBadge state={state} />
      </td>
      <td className="agent-cell agent-main agent-title agent-name">
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
      <td className="agent-cell agent-wide" data-title="Configuration">
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
      <td className="agent-cell agent-wide" data-title="Identity">
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
      <td className="agent-cell agent-wide" data-title="Version">
        {row.softwareVersion ?? <span className="faint">unknown</span>}
      </td>
      {columns.map((column) => (
        <td key={column} className="agent-cell" data-title={optionalColumns[column].title}>
          {optionalColumns[column].text(row) ?? <span className="faint">unknown</span>}
        </td>
      ))}
    </>
  );
});
