import { useState } from 'react';
import { POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { useGateway } from '../../frame/use-gateway.ts';
import { RoleButton } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Command, Loaded } from '../../parts/query-states.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { useAction } from '../../parts/use-action.ts';
import { choiceField, textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { usePools } from '../config/config-api.ts';
import { useConnections } from '../connections/use-connections.ts';
import { agentFile } from './agent-file.ts';
import { Arrival } from './arrival.tsx';
import { type WayKey, ways } from './ways.ts';

type NewToken = { pool: string; uses: number; ttlSeconds: number; namePattern?: string; sources?: string[] };

const createToken = (body: NewToken) => perform(POST('/api/v1/enrollment-tokens', { body }));

const fields = { pool: textField() };
const wayKeys = ways.map(({ key }) => key);
const howFields = { how: choiceField<WayKey>(wayKeys, 'systemd') };
const lifetimes = [
  { seconds: 3600, title: '1 hour' },
  { seconds: 24 * 3600, title: '1 day' },
  { seconds: 7 * 24 * 3600, title: '7 days' },
] as const;

type Created = { readonly id: string; readonly token: string; readonly pool: string; readonly uses: number };

/** From nothing to a ready agent: a token with limits, the command, and then waiting for the agent of this token. */
export function AddAgentPage() {
  const [created, setCreated] = useState<Created>();
  return (
    <Page
      title="Add agent"
      lead="The agent opens all connections itself: no inbound port is needed on its side"
    >
      <TokenForm created={created} onCreated={setCreated} />
      {created !== undefined && (
        <>
          <Instructions created={created} />
          <Arrival tokenId={created.id} pool={created.pool} />
        </>
      )}
    </Page>
  );
}

function TokenForm({
  created,
  onCreated,
}: {
  readonly created: Created | undefined;
  readonly onCreated: (created: Created) => void;
}) {
  const pools = usePools();
  const [{ pool: fromUrl }, change] = useUrlState(fields);
  const [uses, setUses] = useState('1');
  const [ttlSeconds, setLifetime] = useState<number>(3600);
  const [namePattern, setPattern] = useState('');
  const [sources, setSources] = useState('');
  const [usesProblem, setUsesProblem] = useState<string>();
  const { run, isBusy } = useAction(createToken, {
    stale: [resource.enrollmentTokens],
    failed: 'The token was not created.',
  });
  return (
    <Card
      title="1. Create a token: the agent enrolls with it once"
      aside={created !== undefined && 'Created. Change the fields for another one.'}
    >
      <Loaded query={pools} what="the pools">
        {({ items }) => {
          const pool = items.find(({ name }) => name === fromUrl)?.name ?? items[0]?.name ?? '';
          const send = () => {
            const number = Number(uses);
            const isValid = Number.isInteger(number) && number >= 1 && number <= 10_000;
            setUsesProblem(isValid ? undefined : 'Enter a number from 1 to 10000.');
            if (!isValid) return;
            const ranges = sources.split(/[\s,]+/).filter((each) => each !== '');
            void run({
              pool,
              uses: number,
              ttlSeconds,
              ...(namePattern.trim() !== '' && { namePattern: namePattern.trim() }),
              ...(ranges.length > 0 && { sources: ranges }),
            }).then((token) => token !== undefined && onCreated(token));
          };
          return (
            <form
              className="form"
              onSubmit={(event) => {
                event.preventDefault();
                if (!isBusy) send();
              }}
            >
              <div className="form-row">
                <Field label="Pool">
                  <select
                    className="input"
                    value={pool}
                    onChange={(event) => change({ pool: event.target.value })}
                  >
                    {items.map(({ name }) => (
                      <option key={name}>{name}</option>
                    ))}
                  </select>
                </Field>
                <Field label="Agents" hint="How many can enroll with it" problem={usesProblem}>
                  <input
                    className="input"
                    inputMode="numeric"
                    value={uses}
                    onChange={(event) => setUses(event.target.value)}
                  />
                </Field>
                <Field label="Valid for">
                  <select
                    className="input"
                    value={ttlSeconds}
                    onChange={(event) => setLifetime(Number(event.target.value))}
                  >
                    {lifetimes.map(({ seconds, title }) => (
                      <option key={seconds} value={seconds}>
                        {title}
                      </option>
                    ))}
                  </select>
                </Field>
              </div>
              <div className="form-row">
                <Field label="Names (optional)" hint="A pattern such as dc1-*">
                  <input
                    className="input"
                    value={namePattern}
                    spellCheck={false}
                    onChange={(event) => setPattern(event.target.value)}
                  />
                </Field>
                <Field label="From addresses (optional)" hint="CIDR ranges, as the gateway sees them">
                  <input
                    className="input"
                    value={sources}
                    spellCheck={false}
                    placeholder="10.0.0.0/8"
                    onChange={(event) => setSources(event.target.value)}
                  />
                </Field>
              </div>
              <div>
                <RoleButton
                  needs="admin"
                  kind={created === undefined ? 'primary' : 'plain'}
                  type="submit"
                  isBusy={isBusy}
                >
                  {created === undefined ? 'Create token' : 'Create another token'}
                </RoleButton>
              </div>
            </form>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Instructions({ created }: { readonly created: Created }) {
  const gateway = useGateway();
  const [{ how }, change] = useUrlState(howFields);
  const way = ways.find(({ key }) => key === how) ?? ways[0];
  const connections = useConnections();
  if (way === undefined) return null;
  return (
    <Card title="2. On the agent’s host" aside="The token is shown only here, and only now">
      <Tabs
        label="How the agent is run"
        items={ways.map(({ key, title }) => ({ key, title }))}
        selected={way.key}
        onSelect={(key) => change({ how: key })}
      />
      <p className="soft">{way.needs}</p>
      <p>
        Put this into <code>{way.file}</code>, and adapt the lines that have a comment:
      </p>
      <Loaded query={gateway} what="where agents connect">
        {({ tunnel }) => (
          <Loaded query={connections} what="the connections of the pool">
            {({ items }) => (
              <Command
                text={agentFile(
                  {
                    pool: created.pool,
                    name: `${created.pool}-1`,
                    connectors: items.filter(({ pools }) => pools.includes(created.pool)),
                  },
                  way,
                  tunnel,
                )}
                label="Copy agent.yaml"
              />
            )}
          </Loaded>
        )}
      </Loaded>
      <p>Then run this there:</p>
      <Command text={way.commands(created.token)} label={`Copy the commands (${way.title})`} />
    </Card>
  );
}
