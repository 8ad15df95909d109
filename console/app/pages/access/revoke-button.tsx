import { useState } from 'react';
import type { Performed } from '../../api/performed.ts';
import type { Role } from '../../api/role.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useAction } from '../../parts/use-action.ts';

const outcomes = {
  Revoke: 'was revoked',
  End: 'was ended',
  Cancel: 'was canceled',
  'Go back and cancel': 'was canceled and goes back',
} as const;

/** An identifier keeps its case; a description such as “the session of batch” begins the sentence. */
const sentenceStart = (name: string): string => name.replace(/^the /, 'The ');

/** Ends something for good, after a question that says what follows. */
export function RevokeButton({
  needs,
  name,
  consequence,
  word = 'Revoke',
  send,
  stale,
}: {
  readonly needs: Role;
  readonly name: string;
  readonly consequence: string;
  readonly word?: keyof typeof outcomes;
  readonly send: () => Promise<Performed<unknown>>;
  readonly stale: readonly string[];
}) {
  const [isAsking, setAsking] = useState(false);
  const { run, isBusy } = useAction(send, {
    stale,
    done: () => `${sentenceStart(name)} ${outcomes[word]}.`,
    failed: `${sentenceStart(name)} was not changed.`,
  });
  return (
    <>
      <RoleButton
        needs={needs}
        size="small"
        isBusy={isBusy}
        aria-label={`${word}… ${name}`}
        onClick={() => setAsking(true)}
      >
        {word}…
      </RoleButton>
      <Dialog title={`${word} ${name}?`} isOpen={isAsking} onClose={() => setAsking(false)}>
        <p>{consequence}</p>
        <div className="dialog-actions">
          <Button onClick={() => setAsking(false)}>Cancel</Button>
          <Button
            kind="danger"
            onClick={() => {
              setAsking(false);
              void run();
            }}
          >
            {word} {name}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
