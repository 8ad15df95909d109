import { useState } from 'react';
import { resource } from '../../api/keys.ts';
import type { Agent } from '../../api/types.ts';
import { RoleButton } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Ladder } from '../../parts/ladder.tsx';
import { Card, Facts } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age, TimeOf } from '../../parts/time.tsx';
import { bytes, milliseconds, percent, shortDigest } from '../../time/format.ts';
import { type Kind, kinds, probe } from './agent-api.ts';
import { AgentCharts } from './agent-charts.tsx';
import { CheckNow } from './reasons.tsx';
import { refusalOf } from './refusal.ts';
import { RevokeAgent } from './revoke-agent.tsx';
import { useStagedAction } from './use-staged-action.ts';

export function AgentOverview({ agent }: { readonly agent: Agent }) {
  return (
    <>
      <Card title="Health">
        <Health agent={agent} />
      </Card>
      <AgentCharts name={agent.name} />
      <Card title="Connectors" isFlush={(agent.connectors?.length ?? 0) > 0}>
        <Connectors agent={agent} />
      </Card>
      <Card title="Probe" aside="From this agent, within what its policy allows">
        <ProbeForm agent={agent} />
      </Card>
      <RevokeAgent agent={agent} />
    </>
  );
}

function Health({ agent }: { readonly agent: Agent }) {
  const { clock, memory, cpu, eventLoop, platform, config, pin } = agent;
  return (
    <Facts
      items={[
        [
          'Sessions',
          `${agent.sessions.open}${agent.sessions.wanted === undefined ? '' : ` of ${agent.sessions.wanted}`}`,
        ],
        ['Streams', `${agent.streams.open} open, ${agent.streams.opening} opening`],
        agent.connectedSince === undefined
          ? undefined
          : ['Connected', <Age key="age" at={agent.connectedSince} />],
        agent.identityNotAfter === undefined || agent.state === 'revoked'
          ? undefined
          : ['Identity valid until', <TimeOf key="time" at={agent.identityNotAfter} />],
        config === undefined ? undefined : ['Configuration', <Stamp key="stamp" {...config} />],
        pin === undefined ? ['Pin', 'none'] : ['Pin', <Stamp key="stamp" {...pin} />],
        clock === undefined
          ? undefined
          : ['Clock', `${skew(clock.skewMs)} (± ${milliseconds(clock.roundTripMs / 2)})`],
        memory === undefined
          ? undefined
          : [
              'Memory',
              `${bytes(memory.availableBytes)} of ${bytes(memory.totalBytes)} free, process ${bytes(memory.processBytes)}`,
            ],
        cpu === undefined
          ? undefined
          : ['CPU', `load ${cpu.load.toFixed(2)}, process ${percent(cpu.process)}`],
        eventLoop === undefined
          ? undefined
          : ['Event loop', `p99 ${milliseconds(eventLoop.p99Ms)}, max ${milliseconds(eventLoop.maxMs)}`],
        platform === undefined
          ? undefined
          : ['Platform', `${platform.os} ${platform.arch}, Node ${platform.node}`],
        agent.enrolledAt === undefined
          ? undefined
          : ['Enrolled', <TimeOf key="time" at={agent.enrolledAt} />],
      ]}
    />
  );
}

const skew = (value: number) =>
  Math.abs(value) < 1 ? 'in step' : `${milliseconds(Math.abs(value))} ${value > 0 ? 'ahead' : 'behind'}`;

export function Stamp({ version, digest }: { readonly version: number; readonly digest: string }) {
  return (
    <span title={digest}>
      version {version} <code className="faint">{shortDigest(digest)}</code>
    </span>
  );
}

function Connectors({ agent }: { readonly agent: Agent }) {
  const { connectors } = agent;
  if (connectors === undefined)
    return <p className="soft">Known when the agent has connected to this gateway.</p>;
  if (connectors.length === 0) {
    return (
      <Empty title="This agent has no connectors.">
        Its owners list targets under connectors in agent.yaml.
      </Empty>
    );
  }
  const checks = new Map(agent.checks.map((each) => [each.connector, each]));
  return (
    <Table
      label="Connectors"
      rows={connectors}
      keyOf={({ name }) => name}
      columns={[
        { key: 'name', title: 'Name', isMain: true, cell: ({ name }) => <strong>{name}</strong> },
        { key: 'kind', title: 'Kind', cell: ({ kind }) => kind },
        {
          key: 'addresses',
          title: 'Addresses',
          isEmpty: ({ addresses }) => addresses === undefined,
          cell: ({ addresses }) => <span className="break">{addresses?.join(', ') ?? ''}</span>,
        },
        {
          key: 'check',
          title: 'Last check',
          cell({ name }) {
            const found = checks.get(name);
            if (found === undefined) return <span className="faint">not checked</span>;
            const isReady = found.reach === 'ready';
            return (
              <>
                <Badge tone={isReady ? 'ok' : 'bad'} word={isReady ? 'Reached' : found.reach} />{' '}
                <Age at={found.at} />
                {found.detail !== undefined && <div className="soft small break">{found.detail}</div>}
              </>
            );
          },
        },
        {
          key: 'now',
          title: 'Check now',
          isAction: true,
          cell: ({ name }) => <CheckNow agent={agent} connector={name} />,
        },
      ]}
    />
  );
}

function ProbeForm({ agent }: { readonly agent: Agent }) {
  const [host, setHost] = useState('');
  const [port, setPort] = useState('5432');
  const [kind, setKind] = useState<Kind>('postgresql');
  const [problems, setProblems] = useState<{ host?: string; port?: string }>({});
  const { run, isBusy, result, stages } = useStagedAction(probe, {
    stale: [resource.audit],
    failed: 'The probe failed.',
  });
  const { approval } = agent.operations.probe;
  const refusal = refusalOf(agent.operations.probe);
  const send = () => {
    const number = Number(port);
    const found = {
      ...(host.trim() === '' && { host: 'Enter a host name or an address, as the agent sees it.' }),
      ...(!(Number.isInteger(number) && number >= 1 && number <= 65_535) && {
        port: 'Enter a port from 1 to 65535.',
      }),
    };
    setProblems(found);
    if (Object.keys(found).length > 0) return;
    void run(agent.name, { host: host.trim(), port: number, kind });
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy && refusal === undefined) send();
      }}
    >
      <div className="form-row">
        <Field label="Host" problem={problems.host}>
          <input
            className="input"
            value={host}
            spellCheck={false}
            placeholder="db.internal"
            onChange={(event) => setHost(event.target.value)}
          />
        </Field>
        <Field label="Port" problem={problems.port}>
          <input
            className="input"
            value={port}
            inputMode="numeric"
            onChange={(event) => setPort(event.target.value)}
          />
        </Field>
        <Field label="Protocol">
          <select className="input" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
            {kinds.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </Field>
      </div>
      <div>
        <RoleButton
          needs="operator"
          type="submit"
          unavailable={refusal}
          needsApproval={approval}
          isBusy={isBusy}
        >
          Probe
        </RoleButton>
      </div>
      {(isBusy || result !== undefined) && (
        <div role="status">
          <Ladder result={result} stages={stages} />
        </div>
      )}
    </form>
  );
}
