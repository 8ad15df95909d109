import { Link, useParams } from 'wouter';
import { Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { AgentStateBadge } from '../../parts/state.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Age } from '../../parts/time.tsx';
import { choiceField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { AgentActions } from './agent-actions.tsx';
import { useAgent } from './agent-api.ts';
import { AgentConfiguration } from './agent-configuration.tsx';
import { AgentHistory } from './agent-history.tsx';
import { AgentLogView } from './agent-logs.tsx';
import { AgentOverview } from './agent-overview.tsx';
import { AgentSessions } from './agent-sessions.tsx';
import { Reasons } from './reasons.tsx';

const fields = { tab: choiceField(['overview', 'configuration', 'logs', 'sessions', 'history'], 'overview') };
const tabs = [
  { key: 'overview', title: 'Overview' },
  { key: 'configuration', title: 'Configuration' },
  { key: 'logs', title: 'Logs' },
  { key: 'sessions', title: 'Sessions' },
  { key: 'history', title: 'History' },
] as const;

/** What is wrong with this agent, and what can be done about it. */
export function AgentPage() {
  const { name = '' } = useParams<{ name: string }>();
  const query = useAgent(name);
  const [{ tab }, change] = useUrlState(fields);
  const agent = query.data;
  return (
    <Page
      title={name}
      heading={
        <>
          {name} {agent !== undefined && <AgentStateBadge state={agent.state} />}
        </>
      }
      lead={
        agent !== undefined && (
          <>
            Pool <Link href={`/pools/${agent.pool}`}>{agent.pool}</Link>
            {agent.softwareVersion !== undefined && ` · version ${agent.softwareVersion}`}
            {agent.address !== undefined && ` · from ${agent.address}`} · last heard{' '}
            <Age at={agent.lastHeartbeat} />
          </>
        )
      }
      actions={agent !== undefined && <AgentActions agent={agent} />}
    >
      <Loaded query={query} what={`agent ${name}`} lines={8}>
        {(data) => (
          <>
            <Reasons agent={data} />
            <Tabs
              label="Agent"
              items={tabs}
              selected={tab}
              onSelect={(next) => change({ tab: next }, 'push')}
            />
            {tab === 'overview' && <AgentOverview agent={data} />}
            {tab === 'configuration' && <AgentConfiguration agent={data} />}
            {tab === 'logs' && <AgentLogView agent={data} />}
            {tab === 'sessions' && <AgentSessions agent={data} />}
            {tab === 'history' && <AgentHistory agent={data} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}
