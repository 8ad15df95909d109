import { useState } from 'react';
import { DELETE, GET, inBackground, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Grant } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Card } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { Badge, type Tone } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useConnections } from '../connections/use-connections.ts';
import { Listing } from './listing.tsx';
import { RevokeButton } from './revoke-button.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import { useListing } from './use-listing.ts';

const tones: Readonly<Record<Grant['state'], Tone>> = { usable: 'ok', expired: 'off', revoked: 'off' };
const words: Readonly<Record<Grant['state'], string>> = {
  usable: 'Usable',
  expired: 'Expired',
  revoked: 'Revoked',
};

type NewGrant = { connections: string[]; ttlSeconds: number; name?: string; sources?: string[] };
const create = (body: NewGrant) => perform(POST('/api/v1/grants', { body }));
const revoke = (id: string) => perform(DELETE('/api/v1/grants/{id}', { params: { path: { id } } }));

export function Grants() {
  const [isCreating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string>();
  const listing = useListing<Grant>([resource.grants], (cursor) =>
    GET('/api/v1/grants', {
      params: { query: cursor === undefined ? {} : { cursor } },
      headers: inBackground,
    }),
  );
  return (
    <Card
      isFlush
      title="Grants"
      aside={
        <RoleButton needs="admin" size="small" kind="primary" onClick={() => setCreating(true)}>
          Create grant…
        </RoleButton>
      }
    >
      <Listing
        {...listing}
        what="the grants"
        empty={
          <Empty
            title="No grant has been created."
            command="penstock-gateway grant create --connection orders"
          >
            Clients of a shared port show a grant instead of being known by their address.
          </Empty>
        }
      >
        {(items) => (
          <Table
            label="Grants"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              {
                key: 'name',
                title: 'Grant',
                isMain: true,
                cell: ({ id, name }) => (
                  <>
                    <strong>{name || id}</strong> {name !== '' && <code className="faint">{id}</code>}
                  </>
                ),
              },
              {
                key: 'state',
                title: 'State',
                cell: ({ state }) => <Badge tone={tones[state]} word={words[state]} />,
              },
              { key: 'connections', title: 'Connections', cell: ({ connections }) => connections.join(', ') },
              {
                key: 'use',
                title: 'In use',
                isNumber: true,
                cell: ({ inUse, maxConnections }) =>
                  `${inUse}${maxConnections === undefined ? '' : ` of ${maxConnections}`}`,
              },
              {
                key: 'sources',
                title: 'Only from',
                isEmpty: ({ sources }) => sources === undefined,
                cell: ({ sources }) => sources?.join(', ') ?? <span className="faint">any address</span>,
              },
              { key: 'expires', title: 'Expires', cell: ({ expiresAt }) => <Age at={expiresAt} /> },
              {
                key: 'by',
                title: 'Created by',
                cell: ({ createdBy }) => <Actor actor={createdBy} />,
              },
              {
                key: 'revoke',
                title: 'Revoke',
                isAction: true,
                isEmpty: ({ state }) => state !== 'usable',
                cell: ({ id, name, state, inUse }) =>
                  state === 'usable' && (
                    <RevokeButton
                      needs="admin"
                      name={name || id}
                      consequence={`Clients cannot use it any more, and ${inUse} of its connections are closed now.`}
                      send={() => revoke(id)}
                      stale={[resource.grants]}
                    />
                  ),
              },
            ]}
          />
        )}
      </Listing>
      {isCreating && (
        <NewGrantDialog
          onClose={() => setCreating(false)}
          onCreated={(next) => {
            setCreating(false);
            setSecret(next);
          }}
        />
      )}
      {secret !== undefined && (
        <SecretDialog
          title="The grant"
          secret={secret}
          hint="Clients send it as the password of the proxy, or in the host name. docs/ingress.md has an example for each driver."
          onClose={() => setSecret(undefined)}
        />
      )}
    </Card>
  );
}

function NewGrantDialog({
  onClose,
  onCreated,
}: {
  readonly onClose: () => void;
  readonly onCreated: (secret: string) => void;
}) {
  const connections = useConnections();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [name, setName] = useState('');
  const [hours, setHours] = useState('8');
  const [sources, setSources] = useState('');
  const [problem, setProblem] = useState<{ connections?: string; hours?: string }>({});
  const { run, isBusy } = useAction(create, {
    stale: [resource.grants],
    failed: 'The grant was not created.',
  });
  const send = () => {
    const lasting = Number(hours);
    const found = {
      ...(chosen.length === 0 && { connections: 'Choose at least one connection.' }),
      ...(!(lasting > 0 && lasting <= 8760) && { hours: 'Enter hours, at most 8760 (a year).' }),
    };
    setProblem(found);
    if (Object.keys(found).length > 0) return;
    const ranges = sources.split(/[\s,]+/).filter((each) => each !== '');
    void run({
      connections: [...chosen],
      ttlSeconds: Math.round(lasting * 3600),
      ...(name.trim() !== '' && { name: name.trim() }),
      ...(ranges.length > 0 && { sources: ranges }),
    }).then((grant) => grant !== undefined && onCreated(grant.grant));
  };
  return (
    <Dialog title="Create a grant" isOpen onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) send();
        }}
      >
        <fieldset className="fieldset">
          <legend>Connections</legend>
          <div className="chips">
            {(connections.data?.items ?? []).map((each) => (
              <button
                key={each.name}
                type="button"
                className="chip"
                aria-pressed={chosen.includes(each.name)}
                onClick={() =>
                  setChosen((before) =>
                    before.includes(each.name)
                      ? before.filter((one) => one !== each.name)
                      : [...before, each.name],
                  )
                }
              >
                {each.name}
              </button>
            ))}
          </div>
          {problem.connections !== undefined && <p className="field-problem">{problem.connections}</p>}
        </fieldset>
        <div className="form-row">
          <Field label="Name (optional)" hint="For people">
            <input className="input" value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
          <Field label="Hours" problem={problem.hours}>
            <input
              className="input"
              inputMode="numeric"
              value={hours}
              onChange={(event) => setHours(event.target.value)}
            />
          </Field>
        </div>
        <Field label="From addresses (optional)" hint="CIDR ranges, in addition to what the ingress allows">
          <input
            className="input"
            value={sources}
            spellCheck={false}
            onChange={(event) => setSources(event.target.value)}
          />
        </Field>
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <RoleButton needs="admin" kind="primary" type="submit" isBusy={isBusy}>
            Create grant
          </RoleButton>
        </div>
      </form>
    </Dialog>
  );
}
