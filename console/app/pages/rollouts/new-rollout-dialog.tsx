import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { ask, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { TimeOf } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { counted, duration } from '../../time/format.ts';
import { useNeedsApproval } from '../config/use-needs-approval.ts';

const create = (pool: string, version: number) =>
  perform(POST('/api/v1/rollouts', { body: { config: { pool, version } } }));

/** Which agents a rollout would change, and in which order, before it is created. */
export function NewRolloutDialog({
  pool,
  version,
  onClose,
}: {
  readonly pool: string;
  readonly version: number;
  readonly onClose: () => void;
}) {
  const [, navigate] = useLocation();
  const needsApproval = useNeedsApproval(pool, 'rollout');
  const preview = useQuery({
    queryKey: [resource.rollouts, 'preview', pool, version],
    queryFn: () => ask(POST('/api/v1/rollouts/preview', { body: { config: { pool, version } } })),
    staleTime: 0,
  });
  const { run, isBusy } = useAction(create, {
    stale: [resource.rollouts],
    done: () => `Version ${version} is being rolled out.`,
    failed: 'The rollout was not created.',
  });
  return (
    <Dialog title={`Roll out version ${version} to ${pool}?`} isOpen onClose={onClose}>
      <Loaded query={preview} what="the preview" lines={5}>
        {({ groups, skipped, settings, waitsFor, opensAt }) => (
          <>
            {waitsFor !== undefined && (
              <p>
                <strong>It would wait:</strong> {waitsFor}
                {opensAt !== undefined && (
                  <>
                    {' '}
                    It could begin at <TimeOf at={opensAt} />.
                  </>
                )}
              </p>
            )}
            <ol className="stack">
              {groups.map(({ group, agents }) => (
                <li key={group}>
                  <strong>{group === 0 ? 'Canaries' : `Group ${group}`}</strong>{' '}
                  <span className="break">{agents.slice(0, 20).join(', ')}</span>
                  {agents.length > 20 && ` and ${agents.length - 20} more`}
                </li>
              ))}
            </ol>
            {groups.length === 0 && <p>No agent would change.</p>}
            {skipped.length > 0 && (
              <p className="soft break">
                {counted(skipped.length, 'agent')} left out:{' '}
                {skipped
                  .slice(0, 20)
                  .map(({ name, skipped: why }) => `${name} (${why})`)
                  .join(', ')}
              </p>
            )}
            <Facts
              items={[
                ['Canaries are observed for', duration(settings.soakSeconds * 1000)],
                ['Each group for', duration(settings.groupSoakSeconds * 1000)],
                ['Halts when', `${settings.maxFailedPercent} % of a group fail`],
              ]}
            />
          </>
        )}
      </Loaded>
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <RoleButton
          needs="operator"
          kind="primary"
          isBusy={isBusy}
          needsApproval={needsApproval}
          unavailable={preview.data === undefined ? 'The preview has not been loaded.' : undefined}
          onClick={() =>
            void run(pool, version).then((rollout) => {
              onClose();
              if (rollout !== undefined) navigate(`/rollouts/${rollout.id}`);
            })
          }
        >
          Roll out
        </RoleButton>
      </div>
    </Dialog>
  );
}
