import { useQuery } from '@tanstack/react-query';
import { ask, GET } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { ConnectionString, ConnectionStringList } from '../../api/types.ts';
import { Card } from '../../parts/page.tsx';
import { Command, Empty, Loaded } from '../../parts/query-states.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';

const fields = { driver: textField(), host: textField(), user: textField(), database: textField() };
const IDENTIFIER = /^[A-Za-z0-9_.$-]{1,128}$/;
const HOST = /^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9:])?$/;

const titles: Readonly<Record<ConnectionString['ingress'], string>> = {
  tcp: 'Port of its own',
  sni: 'Shared TLS port',
  socks5: 'SOCKS5 proxy',
  httpConnect: 'HTTP proxy',
};

/** What to put into a client, for each driver and each ingress. */
export function ConnectionStrings({ name }: { readonly name: string }) {
  const [{ driver, host, user, database }, change] = useUrlState(fields);
  // What is half typed is not asked for.
  const asked = {
    ...(HOST.test(host) && { host }),
    ...(IDENTIFIER.test(user) && { user }),
    ...(IDENTIFIER.test(database) && { database }),
  };
  const query = useQuery({
    queryKey: [resource.connections, name, 'strings', asked],
    queryFn: () =>
      ask(GET('/api/v1/connections/{name}/strings', { params: { path: { name }, query: asked } })),
    placeholderData: (before) => before,
  });
  return (
    <Card title="Connection strings" aside="They contain no secret: put the grant in place of GRANT">
      <search className="filters">
        <SearchField
          label="Host by which clients reach the gateway"
          placeholder={query.data === undefined ? 'Host' : `Host: ${query.data.host}`}
          value={host}
          onChange={(next) => change({ host: next })}
        />
        <SearchField
          label="Database user"
          placeholder="User"
          value={user}
          onChange={(next) => change({ user: next })}
        />
        <SearchField
          label="Database name"
          placeholder="Database"
          value={database}
          onChange={(next) => change({ database: next })}
        />
      </search>
      <Loaded query={query} what="the connection strings" lines={4}>
        {(list) => <Drivers list={list} chosen={driver} onChoose={(next) => change({ driver: next })} />}
      </Loaded>
    </Card>
  );
}

function Drivers({
  list: { drivers, items },
  chosen,
  onChoose,
}: {
  readonly list: ConnectionStringList;
  readonly chosen: string;
  readonly onChoose: (driver: string) => void;
}) {
  const driver = drivers.find(({ name }) => name === chosen) ?? drivers[0];
  const own = items.filter((each) => each.driver === driver?.name);
  if (driver === undefined || own.length === 0) {
    return (
      <Empty title="There is no open ingress.">
        gateway.yaml lists none for this connection, or its port could not be opened.
      </Empty>
    );
  }
  return (
    <>
      <label>
        Driver{' '}
        <select
          className="input-small"
          value={driver.name}
          onChange={(event) => onChoose(event.target.value)}
        >
          {drivers.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {own.map((each) => (
        <ConnectionStringView key={`${each.ingress} ${each.host} ${each.port}`} item={each} />
      ))}
    </>
  );
}

function ConnectionStringView({ item }: { readonly item: ConnectionString }) {
  const { ingress, host, port, possible, connect, also = [], notes = [], reason, grant } = item;
  return (
    <section className="stack">
      <h3>
        {titles[ingress]}{' '}
        <code className="faint break">
          {host}:{port}
        </code>
        {grant === 'required' && <span className="faint"> with a grant</span>}
      </h3>
      {possible && connect !== undefined ? (
        <Command text={connect} label={`Copy the string (${titles[ingress]})`} />
      ) : (
        <p className="soft">Not with this driver: {reason}</p>
      )}
      {possible && also.map((each) => <Command key={each} text={each} label="Copy" />)}
      {notes.map(({ id, text }) => (
        <p key={id} className="soft small break">
          {text}
        </p>
      ))}
    </section>
  );
}
