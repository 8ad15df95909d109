import { useState } from 'react';
import { Link } from 'wouter';
import { resource } from '../../api/keys.ts';
import type { Agent, AgentConfig } from '../../api/types.ts';
import { RoleButton } from '../../parts/button.tsx';
import { Card, Facts } from '../../parts/page.tsx';
import { Command, Empty } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { TimeOf } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { yamlText } from '../config/yaml-text.ts';
import { readConfig } from './agent-api.ts';
import { Stamp } from './agent-overview.tsx';
import { refusalOf } from './refusal.ts';

/** What runs and what is pinned. The content is asked of the agent, and audited: only a click asks for it. */
export function AgentConfiguration({ agent }: { readonly agent: Agent }) {
  const [answer, setAnswer] = useState<AgentConfig>();
  const { run, isBusy } = useAction(readConfig, {
    stale: [resource.audit],
    failed: 'The configuration was not loaded.',
  });
  const { config, pin } = agent;
  return (
    <>
      <Card
        title="Running and pinned"
        aside={<Link href={`/config/${agent.pool}`}>Versions of pool {agent.pool}</Link>}
      >
        <Facts
          items={[
            ['Runs', config === undefined ? 'not known yet' : <Stamp key="stamp" {...config} />],
            ['Pinned', pin === undefined ? 'nothing' : <Stamp key="stamp" {...pin} />],
            pin === undefined ? undefined : ['Pinned for', pin.scope === 'pool' ? 'the pool' : 'this agent'],
            pin?.drift === undefined ? undefined : ['Comparison', <Drift key="drift" drift={pin.drift} />],
          ]}
        />
        <div>
          <RoleButton
            needs="operator"
            isBusy={isBusy}
            unavailable={refusalOf(agent.operations.config)}
            onClick={() => void run(agent.name).then((next) => next !== undefined && setAnswer(next))}
          >
            {answer === undefined ? 'Ask the agent for its configuration' : 'Ask again'}
          </RoleButton>
        </div>
      </Card>
      {answer !== undefined && <Answer answer={answer} />}
    </>
  );
}

export function Drift({ drift }: { readonly drift: 'none' | 'version' | 'content' }) {
  if (drift === 'none') return <Badge tone="ok" word="In sync" />;
  return (
    <Badge tone="bad" word={drift === 'version' ? 'Another version' : 'Changed without a new version'} />
  );
}

function Answer({ answer }: { readonly answer: AgentConfig }) {
  const changes = answer.pinned?.changes;
  return (
    <>
      {answer.lastFailed !== undefined && (
        <Card tone="warn" title="The newest file on its host was refused">
          <p>
            At <TimeOf at={answer.lastFailed.at} />; the previous configuration stays in force.
          </p>
          <ul>
            {answer.lastFailed.problems.map((problem) => (
              <li key={problem} className="mono break">
                {problem}
              </li>
            ))}
          </ul>
        </Card>
      )}
      {changes !== undefined && (
        <Card title="Differences from the pin" isFlush={changes.length > 0}>
          {changes.length === 0 ? (
            <Empty title="None: the agent runs exactly what is pinned." />
          ) : (
            <Table
              label="Differences"
              rows={changes}
              keyOf={({ path, kind }) => `${kind} ${path}`}
              columns={[
                {
                  key: 'path',
                  title: 'Field',
                  isMain: true,
                  cell: ({ path }) => <code className="break">{path}</code>,
                },
                {
                  key: 'before',
                  title: 'Pinned',
                  cell: ({ before, kind }) => <Value text={before} isAbsent={kind === 'added'} />,
                },
                {
                  key: 'after',
                  title: 'Runs',
                  cell: ({ after, kind }) => <Value text={after} isAbsent={kind === 'removed'} />,
                },
              ]}
            />
          )}
        </Card>
      )}
      <Card
        title={`Version ${answer.version}, as it runs`}
        aside="Defaults filled in; secrets are shown as their references"
      >
        <Command text={yamlText(answer.config)} label="Copy the configuration" />
      </Card>
    </>
  );
}

function Value({ text, isAbsent }: { readonly text: string; readonly isAbsent: boolean }) {
  return isAbsent ? <span className="faint">not set</span> : <code className="break">{text}</code>;
}
