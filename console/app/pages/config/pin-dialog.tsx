import { Link } from 'wouter';
import { resource } from '../../api/keys.ts';
import type { PinPreview } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { useAction } from '../../parts/use-action.ts';
import { counted } from '../../time/format.ts';
import { pin, unpin, usePreview } from './config-api.ts';
import { driftTexts } from './pinning-text.ts';
import { useNeedsApproval } from './use-needs-approval.ts';

/** What pinning a version would do, before it is done; without a version, what removing the pin would do. */
export function PinDialog({
  pool,
  version,
  onClose,
}: {
  readonly pool: string;
  readonly version: number | undefined;
  readonly onClose: () => void;
}) {
  const preview = usePreview(pool, version);
  const needsApproval = useNeedsApproval(pool, 'pin');
  const stale = [resource.pins, resource.agents, resource.agent, resource.pools, resource.attention];
  const { run, isBusy } = useAction(
    () => (version === undefined ? unpin(pool) : pin(pool, version)) as ReturnType<typeof pin>,
    {
      stale,
      done: () =>
        version === undefined
          ? `Pool ${pool} is no longer pinned.`
          : `Pool ${pool} is pinned to version ${version}.`,
      failed: version === undefined ? 'The pin was not removed.' : `Version ${version} was not pinned.`,
    },
  );
  const title = version === undefined ? `Remove the pin of ${pool}?` : `Pin ${pool} to version ${version}?`;
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <Loaded query={preview} what="the preview" lines={5}>
        {(data) => <Preview preview={data} isUnpinning={version === undefined} />}
      </Loaded>
      {version !== undefined && (
        <>
          <p>
            A pin changes no file. It says which version the agents should run; their owners bring it to the
            hosts. {preview.data !== undefined && driftTexts[preview.data.pinning]}
          </p>
          <p className="soft">
            A pin applies to all agents of the pool at once. To begin with a few and go back by itself if they
            do worse, close this and choose Roll out.
          </p>
        </>
      )}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <RoleButton
          needs="operator"
          kind={preview.data !== undefined && preview.data.quarantinedTotal > 0 ? 'danger' : 'primary'}
          isBusy={isBusy}
          needsApproval={needsApproval}
          unavailable={preview.data === undefined ? 'The preview has not been loaded.' : undefined}
          onClick={() => void run().then(onClose)}
        >
          {actionText(version, preview.data)}
        </RoleButton>
      </div>
    </Dialog>
  );
}

function actionText(version: number | undefined, preview: PinPreview | undefined): string {
  const what = version === undefined ? 'Remove the pin' : `Pin version ${version}`;
  const quarantined = preview?.quarantinedTotal ?? 0;
  return quarantined === 0 ? what : `${what} and quarantine ${counted(quarantined, 'agent')}`;
}

function Preview({ preview, isUnpinning }: { readonly preview: PinPreview; readonly isUnpinning: boolean }) {
  const {
    agents,
    matching,
    differing,
    unknown,
    quarantined,
    quarantinedTotal,
    released,
    ready,
    readyAfter,
    pinning,
  } = preview;
  return (
    <>
      <p>
        {readyAfter < ready ? (
          <Badge tone={readyAfter === 0 ? 'bad' : 'warn'} word={`${ready} → ${readyAfter} ready agents`} />
        ) : (
          <Badge
            tone="ok"
            word={
              readyAfter > ready
                ? `${ready} → ${readyAfter} ready agents`
                : 'No agent stops accepting connections'
            }
          />
        )}{' '}
        {readyAfter === 0 && ready > 0 && 'Clients would wait or fail until an agent runs this version.'}
      </p>
      <Facts
        items={[
          ['Agents', agents],
          ...(isUnpinning
            ? []
            : ([
                ['Run it already', matching],
                ['Run another version', differing],
                ['Not known yet', unknown],
              ] as const)),
          ...(pinning === 'enforce'
            ? ([
                ['Will be quarantined', quarantinedTotal],
                ['Leave quarantine', released],
              ] as const)
            : []),
          ['Pinning', pinning],
        ]}
      />
      {quarantined.length > 0 && (
        <p className="break">
          Quarantined until they run it:{' '}
          {quarantined.map((name, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <Link href={`/agents/${name}`}>{name}</Link>
            </span>
          ))}
          {quarantinedTotal > quarantined.length && ` and ${quarantinedTotal - quarantined.length} more`}
        </p>
      )}
    </>
  );
}
