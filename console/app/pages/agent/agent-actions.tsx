import { useState } from 'react';
import { resource } from '../../api/keys.ts';
import type { Agent } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useAction } from '../../parts/use-action.ts';
import { counted } from '../../time/format.ts';
import { drain, restart, resume } from './agent-api.ts';
import { refusalOf } from './refusal.ts';

const stale = [resource.agent, resource.agents, resource.pools, resource.attention];

export function AgentActions({ agent }: { readonly agent: Agent }) {
  const { name } = agent;
  const [isAsking, setAsking] = useState(false);
  const isDrained = agent.drainedAt !== undefined;
  const { operations } = agent;
  const drained = useAction(drain, {
    stale,
    done: () => `${name} is drained: it gets no new connections. Open ones continue.`,
    failed: `${name} was not drained.`,
  });
  const resumed = useAction(resume, {
    stale,
    done: () => `${name} gets new connections again.`,
    failed: `${name} was not resumed.`,
  });
  const restarted = useAction(restart, {
    stale,
    done: () => `${name} drains and restarts.`,
    failed: `${name} was not restarted.`,
  });
  return (
    <>
      {isDrained ? (
        <RoleButton
          needs="operator"
          kind="primary"
          unavailable={refusalOf(operations.resume)}
          needsApproval={operations.resume.approval}
          isBusy={resumed.isBusy}
          onClick={() => void resumed.run(name)}
        >
          Resume
        </RoleButton>
      ) : (
        <RoleButton
          needs="operator"
          unavailable={refusalOf(operations.drain)}
          needsApproval={operations.drain.approval}
          isBusy={drained.isBusy}
          title="No new connections through this agent; open ones continue"
          onClick={() => void drained.run(name)}
        >
          Drain
        </RoleButton>
      )}
      <RoleButton
        needs="operator"
        unavailable={refusalOf(operations.restart)}
        needsApproval={operations.restart.approval}
        isBusy={restarted.isBusy}
        onClick={() => setAsking(true)}
      >
        Restart…
      </RoleButton>
      <Dialog title={`Restart ${name}?`} isOpen={isAsking} onClose={() => setAsking(false)}>
        <p>
          The agent drains first: {counted(agent.streams.open, 'open connection')} can finish until its drain
          timeout. Then its supervisor starts it again. Without a supervisor, it stays stopped.
        </p>
        <div className="dialog-actions">
          <Button onClick={() => setAsking(false)}>Cancel</Button>
          <Button
            kind="primary"
            onClick={() => {
              setAsking(false);
              void restarted.run(name);
            }}
          >
            Restart {name}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
