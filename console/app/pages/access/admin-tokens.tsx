import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, clock, DELETE, GET, inBackground, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Role } from '../../api/role.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Card } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { RevokeButton } from './revoke-button.tsx';
import { SecretDialog } from './secret-dialog.tsx';

type NewToken = { name: string; role: Role; ttlSeconds?: number };
const create = (body: NewToken) => perform(POST('/api/v1/admin-tokens', { body }));
const revoke = (id: string) => perform(DELETE('/api/v1/admin-tokens/{id}', { params: { path: { id } } }));

const roleTexts: Readonly<Record<Role, string>> = {
  viewer: 'Sees everything, changes nothing',
  operator: 'Also drains, probes, pins, restarts',
  admin: 'Also creates and revokes tokens, grants, agents',
};

export function AdminTokens() {
  const query = useQuery({
    queryKey: [resource.adminTokens],
    queryFn: () => ask(GET('/api/v1/admin-tokens', { headers: inBackground })),
  });
  const [isCreating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string>();
  return (
    <Card
      isFlush
      title="Admin tokens"
      aside={
        <RoleButton needs="admin" size="small" kind="primary" onClick={() => setCreating(true)}>
          Create admin token…
        </RoleButton>
      }
    >
      <Loaded query={query} what="the admin tokens">
        {({ items }) => (
          <Table
            label="Admin tokens"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              {
                key: 'name',
                title: 'Name',
                isMain: true,
                cell: ({ name, id }) => (
                  <>
                    <strong>{name}</strong> <code className="faint">{id}</code>
                  </>
                ),
              },
              { key: 'role', title: 'Role', cell: ({ role }) => role },
              {
                key: 'state',
                title: 'State',
                cell: ({ revokedAt, expiresAt }) =>
                  revokedAt !== undefined ? (
                    <Badge tone="off" word="Revoked" />
                  ) : expiresAt !== undefined && Date.parse(expiresAt) <= clock.now() ? (
                    <Badge tone="off" word="Expired" />
                  ) : (
                    <Badge tone="ok" word="Usable" />
                  ),
              },
              {
                key: 'expires',
                title: 'Expires',
                cell: ({ expiresAt }) =>
                  expiresAt === undefined ? <span className="faint">never</span> : <Age at={expiresAt} />,
              },
              { key: 'used', title: 'Last used', cell: ({ usedAt }) => <Age at={usedAt} /> },
              { key: 'created', title: 'Created', cell: ({ createdAt }) => <Age at={createdAt} /> },
              {
                key: 'revoke',
                title: 'Revoke',
                isAction: true,
                isEmpty: ({ revokedAt }) => revokedAt !== undefined,
                cell: ({ id, name, revokedAt }) =>
                  revokedAt === undefined && (
                    <RevokeButton
                      needs="admin"
                      name={name}
                      consequence="Whoever uses it is locked out at once, and the console sessions that it started end. That may include yours."
                      send={() => revoke(id)}
                      stale={[resource.adminTokens, resource.consoleSessions]}
                    />
                  ),
              },
            ]}
          />
        )}
      </Loaded>
      {isCreating && (
        <NewTokenDialog
          onClose={() => setCreating(false)}
          onCreated={(next) => {
            setCreating(false);
            setSecret(next);
          }}
        />
      )}
      {secret !== undefined && (
        <SecretDialog
          title="The admin token"
          secret={secret}
          hint="For penstock-gateway, set PENSTOCK_TOKEN."
          onClose={() => setSecret(undefined)}
        />
      )}
    </Card>
  );
}

function NewTokenDialog({
  onClose,
  onCreated,
}: {
  readonly onClose: () => void;
  readonly onCreated: (secret: string) => void;
}) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('90');
  const [problem, setProblem] = useState<string>();
  const { run, isBusy } = useAction(create, {
    stale: [resource.adminTokens],
    failed: 'The token was not created.',
  });
  return (
    <Dialog title="Create an admin token" isOpen onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          const trimmed = name.trim();
          setProblem(trimmed === '' ? 'Enter a name: the audit trail and this list show it.' : undefined);
          if (trimmed === '' || isBusy) return;
          void run({
            name: trimmed,
            role,
            ...(days !== '' && { ttlSeconds: Number(days) * 86_400 }),
          }).then((token) => token !== undefined && onCreated(token.token));
        }}
      >
        <Field label="Name" hint="Who or what uses it" problem={problem}>
          <input className="input" value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Role" hint={roleTexts[role]}>
          <select className="input" value={role} onChange={(event) => setRole(event.target.value as Role)}>
            {(Object.keys(roleTexts) as Role[]).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </Field>
        <Field label="Valid for">
          <select className="input" value={days} onChange={(event) => setDays(event.target.value)}>
            <option value="1">1 day</option>
            <option value="30">30 days</option>
            <option value="90">90 days</option>
            <option value="365">1 year</option>
            <option value="">until it is revoked</option>
          </select>
        </Field>
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Create token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
