import { useState } from 'react';
import { resource } from '../../api/keys.ts';
import type { Agent } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Card } from '../../parts/page.tsx';
import { useAction } from '../../parts/use-action.ts';
import { counted } from '../../time/format.ts';
import { revoke } from './agent-api.ts';

/** Revoking is permanent, so it is apart from everything else, and asks for the name. Nothing else in the console does. */
export function RevokeAgent({ agent }: { readonly agent: Agent }) {
  const { name } = agent;
  const [isAsking, setAsking] = useState(false);
  const [typed, setTyped] = useState('');
  const { run, isBusy } = useAction(revoke, {
    stale: [resource.agent, resource.agents, resource.pools, resource.attention],
    done: () => `${name} is revoked. It cannot connect again with this identity.`,
    failed: `${name} was not revoked.`,
  });
  if (agent.state === 'revoked') return null;
  return (
    <Card title="Revoke">
      <p className="soft">
        Ends the identity of this agent permanently: its sessions are closed at once, and it must be enrolled
        again to come back. To take it out of service for a while, drain it instead.
      </p>
      <div>
        <RoleButton needs="admin" kind="danger" isBusy={isBusy} onClick={() => setAsking(true)}>
          Revoke {name}…
        </RoleButton>
      </div>
      <Dialog title={`Revoke ${name}?`} isOpen={isAsking} onClose={() => setAsking(false)}>
        <p>{counted(agent.streams.open, 'open connection')} will be closed now. This cannot be undone.</p>
        <Field label={`Type ${name} to confirm`}>
          <input
            className="input"
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
        <div className="dialog-actions">
          <Button onClick={() => setAsking(false)}>Cancel</Button>
          <Button
            kind="danger"
            unavailable={typed === name ? undefined : 'The name does not match.'}
            onClick={() => {
              setAsking(false);
              setTyped('');
              void run(name);
            }}
          >
            Revoke permanently
          </Button>
        </div>
      </Dialog>
    </Card>
  );
}
