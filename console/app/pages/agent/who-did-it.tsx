import { Link } from 'wouter';
import type { Agent } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { TimeOf } from '../../parts/time.tsx';
import { useAudit } from '../audit/use-audit.ts';

/** Who brought an agent into its state, from where and when, with a link to the whole history. */
export function WhoDidIt({
  agent: { id, name },
  action,
}: {
  readonly agent: Pick<Agent, 'id' | 'name'>;
  readonly action: 'agent.drain' | 'agent.revoke';
}) {
  const { query, items } = useAudit({
    ...(id === undefined ? { text: name } : { subject: `agent:${id}` }),
    action,
  });
  const entry = items?.[0];
  if (entry === undefined && query.isPending) return null;
  return (
    <p>
      {entry !== undefined && (
        <>
          <strong>Who:</strong> <Actor actor={entry.actor} />
          {entry.address !== undefined && <> from {entry.address}</>}, at <TimeOf at={entry.at} />.{' '}
        </>
      )}
      <Link href={`/agents/${name}?tab=history`}>History</Link>
    </p>
  );
}
