import { Link } from 'wouter';
import type { Agent, AuditEntry } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { TimeOf } from '../../parts/time.tsx';
import { useAudit } from '../audit/use-audit.ts';

type Action = 'agent.drain' | 'agent.revoke';

/** Who brought an agent into its state, from where and when, with a link to the whole history. */
export function WhoDidIt({
  agent: { id, name },
  action,
}: {
  readonly agent: Pick<Agent, 'id' | 'name'>;
  readonly action: Action;
}) {
  // A search for the name alone could find another agent, and name the wrong person.
  return id === undefined ? (
    <p>
      <HistoryLink name={name} />
    </p>
  ) : (
    <Entry id={id} name={name} action={action} />
  );
}

function Entry({
  id,
  name,
  action,
}: {
  readonly id: string;
  readonly name: string;
  readonly action: Action;
}) {
  const { query, items } = useAudit({ subject: `agent:${id}`, action });
  const entry = items?.find((each) => hasChanged(each, action));
  if (entry === undefined && query.isPending) return null;
  return (
    <p>
      {entry !== undefined && (
        <>
          <strong>Who:</strong> <Actor actor={entry.actor} />
          {entry.address !== undefined && <> from {entry.address}</>}, at <TimeOf at={entry.at} />.{' '}
        </>
      )}
      <HistoryLink name={name} />
    </p>
  );
}

function HistoryLink({ name }: { readonly name: string }) {
  return <Link href={`/agents/${name}?tab=history`}>History</Link>;
}

/** An agent that is drained can be drained again: only the entry that drained it says who did. */
function hasChanged({ before }: AuditEntry, action: Action): boolean {
  if (action !== 'agent.drain') return true;
  return typeof before === 'object' && before !== null && 'drained' in before && before.drained === false;
}
