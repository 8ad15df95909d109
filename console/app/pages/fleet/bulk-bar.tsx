import { useState } from 'react';
import type { AgentRow } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { useAction } from '../../parts/use-action.ts';
import { count, counted } from '../../time/format.ts';
import { type BulkAction, BulkDialog, bulkNames } from './bulk-dialog.tsx';
import { matchingAgents } from './fleet-api.ts';
import type { FleetFilter } from './fleet-filter.ts';
import { MAX_SELECTED, type Selection } from './use-selection.ts';

/** Revoking is not here: it is permanent, and each agent has its own page for it. */
const actions: readonly BulkAction[] = ['drain', 'resume', 'restart', 'pin', 'unpin'];

/** What can be done with the selected agents at once. */
export function BulkBar({
  selection,
  rows: loaded,
  filter,
  matching,
}: {
  readonly selection: Selection;
  /** The agents that are loaded, of those that the filter selects. */
  readonly rows: readonly AgentRow[];
  readonly filter: FleetFilter;
  /** How many agents the filter selects. */
  readonly matching: number;
}) {
  const { names, clear } = selection;
  const [asking, setAsking] = useState<BulkAction>();
  const [others, setOthers] = useState<readonly AgentRow[]>([]);
  const { run, isBusy } = useAction(findMatching, { failed: 'The agents could not be selected.' });
  if (names.size === 0) return null;
  const selectable = Math.min(matching, MAX_SELECTED);
  const hasMore = names.size < selectable && loaded.every(({ name }) => names.has(name));
  const rows = new Map([...others, ...loaded].map((row) => [row.name, row])).values();
  const selectMatching = async () => {
    const found = await run(filter);
    if (found === undefined) return;
    setOthers(found);
    selection.set(found.map(({ name }) => name));
  };
  return (
    <section className="bulk-bar" aria-label="Selected agents">
      <strong role="status">{counted(names.size, 'agent')} selected</strong>
      {hasMore && (
        <Button size="small" kind="quiet" isBusy={isBusy} onClick={() => void selectMatching()}>
          Select {selectable < matching && 'the first '}
          {count(selectable)}
          {selectable < matching && ` of ${count(matching)}`} that match
        </Button>
      )}
      {actions.map((action) => (
        <RoleButton key={action} needs="operator" size="small" onClick={() => setAsking(action)}>
          {action === 'unpin' ? 'Remove pins' : bulkNames[action]}…
        </RoleButton>
      ))}
      <Button size="small" kind="quiet" onClick={clear}>
        Clear selection
      </Button>
      {asking !== undefined && (
        <BulkDialog
          action={asking}
          names={[...names].sort()}
          rows={[...rows].filter(({ name }) => names.has(name))}
          onClose={() => setAsking(undefined)}
          onDone={() => {
            setAsking(undefined);
            clear();
          }}
        />
      )}
    </section>
  );
}

const findMatching = async (filter: FleetFilter) =>
  ({ isPending: false, data: await matchingAgents(filter, MAX_SELECTED) }) as const;
