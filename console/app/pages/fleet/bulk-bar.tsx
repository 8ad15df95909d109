import { useState } from 'react';
import type { AgentRow } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { counted } from '../../time/format.ts';
import { type BulkAction, BulkDialog, bulkNames } from './bulk-dialog.tsx';
import type { Selection } from './use-selection.ts';

/** Revoking is not here: it is permanent, and each agent has its own page for it. */
const actions: readonly BulkAction[] = ['drain', 'resume', 'restart', 'pin', 'unpin'];

/** What can be done with the selected agents at once. */
export function BulkBar({
  selection,
  rows,
}: {
  readonly selection: Selection;
  /** The agents that are loaded. */
  readonly rows: readonly AgentRow[];
}) {
  const { names, clear } = selection;
  const [asking, setAsking] = useState<BulkAction>();
  if (names.size === 0) return null;
  return (
    <section className="bulk-bar" aria-label="Selected agents">
      <strong role="status">{counted(names.size, 'agent')} selected</strong>
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
          rows={rows.filter(({ name }) => names.has(name))}
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
