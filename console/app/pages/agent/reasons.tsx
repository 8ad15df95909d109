import './agent.css';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { resource } from '../../api/keys.ts';
import type { Agent, AgentReason } from '../../api/types.ts';
import { RoleButton } from '../../parts/button.tsx';
import { Ladder } from '../../parts/ladder.tsx';
import { Card } from '../../parts/page.tsx';
import { Command } from '../../parts/query-states.tsx';
import { AgentStateBadge } from '../../parts/state.tsx';
import { Age, TimeOf } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { withShortDigests } from '../../time/format.ts';
import { check, resume } from './agent-api.ts';
import { refusalOf } from './refusal.ts';
import { useStagedAction } from './use-staged-action.ts';
import { WhoDidIt } from './who-did-it.tsx';

/** Every condition of the agent, with its beginning, what to do, and the button for it. */
export function Reasons({ agent }: { readonly agent: Agent }) {
  const wrong = agent.reasons.filter(({ code }) => code !== 'CONNECTED');
  if (wrong.length === 0) {
    return <p className="reasons-fine soft">Nothing needs attention.</p>;
  }
  return (
    <div className="reasons">
      {wrong.map((reason) => (
        <Reason key={reason.code} agent={agent} reason={reason} />
      ))}
    </div>
  );
}

function Reason({ agent, reason }: { readonly agent: Agent; readonly reason: AgentReason }) {
  const { code, state, since, message, advice, detail } = reason;
  return (
    <Card
      tone={state === 'degraded' || state === 'draining' ? 'warn' : 'bad'}
      title={
        <span className="reason-title">
          <AgentStateBadge state={state} /> {message}
        </span>
      }
      aside={
        <>
          since <TimeOf at={since} /> · <Age at={since} /> · <code>{code}</code>
        </>
      }
    >
      {detail !== undefined && (
        <p className="reason-detail" title={detail}>
          {withShortDigests(detail)}
        </p>
      )}
      <p>
        <strong>What to do:</strong> {advice}
      </p>
      <Remedy agent={agent} code={code} />
    </Card>
  );
}

/** The button, link or command that goes with a condition. */
function Remedy({ agent, code }: { readonly agent: Agent; readonly code: AgentReason['code'] }) {
  switch (code) {
    case 'CONNECTOR_FAILING':
      return <CheckFailing agent={agent} />;
    case 'CONFIG_DRIFT':
      return (
        <Link href={`/agents/${agent.name}?tab=configuration`}>Compare its configuration with the pin</Link>
      );
    case 'DRAINED_BY_OPERATOR':
      return (
        <>
          <WhoDidIt agent={agent} action="agent.drain" />
          <Resume agent={agent} />
        </>
      );
    case 'CLONED_IDENTITY':
      return <Link href={`/agents/${agent.name}?tab=sessions`}>See where both processes connect from</Link>;
    case 'IDENTITY_EXPIRED':
      return <EnrollAgain pool={agent.pool} />;
    case 'IDENTITY_REVOKED':
      return (
        <>
          <WhoDidIt agent={agent} action="agent.revoke" />
          <EnrollAgain pool={agent.pool} />
        </>
      );
    case 'NO_SESSION':
    case 'HEARTBEAT_MISSING':
    case 'SESSIONS_MISSING':
    case 'IDENTITY_EXPIRING':
      return <Command text="penstock-agent doctor" label="Copy the command for the agent’s host" />;
    default:
      return null;
  }
}

const EnrollAgain = ({ pool }: { readonly pool: string }) => (
  <Link href={`/add-agent?pool=${pool}`}>Enroll it again with a new token</Link>
);

function Resume({ agent }: { readonly agent: Agent }) {
  const { name } = agent;
  const { approval } = agent.operations.resume;
  const { run, isBusy } = useAction(resume, {
    stale: [resource.agent, resource.agents, resource.pools],
    done: () => `${name} gets new connections again.`,
    failed: `${name} was not resumed.`,
  });
  return (
    <div>
      <RoleButton
        needs="operator"
        size="small"
        needsApproval={approval}
        isBusy={isBusy}
        onClick={() => void run(name)}
      >
        Resume {name}
      </RoleButton>
    </div>
  );
}

/** The connectors whose check fails, each with a check to run now. */
function CheckFailing({ agent }: { readonly agent: Agent }) {
  const failing = agent.checks.filter(({ reach }) => reach !== 'ready');
  return (
    <ul className="reason-checks">
      {failing.map(({ connector, reach, at }) => (
        <li key={connector}>
          <CheckNow agent={agent} connector={connector}>
            <strong>{connector}</strong> stops at <code>{reach}</code>, <Age at={at} />
          </CheckNow>
        </li>
      ))}
    </ul>
  );
}

export function CheckNow({
  agent,
  connector,
  children,
}: {
  readonly agent: Pick<Agent, 'name' | 'operations'>;
  readonly connector: string;
  readonly children?: ReactNode;
}) {
  const { run, isBusy, result, stages } = useStagedAction(check, {
    stale: [resource.agent, resource.explanation],
    failed: `${connector} was not checked.`,
  });
  return (
    <div className="check-now">
      <div className="check-now-line">
        {children !== undefined && <span>{children}</span>}
        <RoleButton
          needs="operator"
          size="small"
          unavailable={refusalOf(agent.operations.check)}
          isBusy={isBusy}
          aria-label={`Check now: ${connector}`}
          onClick={() => void run(agent.name, connector)}
        >
          Check now
        </RoleButton>
      </div>
      {(isBusy || result !== undefined) && (
        <div role="status">
          <Ladder result={result} stages={stages} />
        </div>
      )}
    </div>
  );
}
