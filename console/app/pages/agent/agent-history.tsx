import { useLocation } from 'wouter';
import type { Agent } from '../../api/types.ts';
import { Card } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { Listing } from '../access/listing.tsx';
import { AuditEntries } from '../audit/audit-entries.tsx';
import { useAudit } from '../audit/use-audit.ts';
import { StateChanges } from './state-changes.tsx';

/** How its state changed, and what was done to it by whom. */
export function AgentHistory({ agent }: { readonly agent: Agent }) {
  const [, navigate] = useLocation();
  const filter = agent.id === undefined ? { text: agent.name } : { subject: `agent:${agent.id}` };
  const listing = useAudit(filter);
  return (
    <>
      <Card isFlush title="Audit trail" aside="What was done to this agent, and by whom">
        <Listing
          {...listing}
          what="the audit trail"
          empty={<Empty title="Nothing has been done to this agent yet." />}
        >
          {(items) => (
            <AuditEntries
              items={items}
              onFilter={(next) => navigate(`/audit?${new URLSearchParams({ ...filter, ...next })}`)}
            />
          )}
        </Listing>
      </Card>
      <StateChanges agent={agent.name} />
    </>
  );
}
