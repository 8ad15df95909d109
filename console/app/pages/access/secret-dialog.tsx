import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Command } from '../../parts/query-states.tsx';

/** A secret that is shown once. */
export function SecretDialog({
  title,
  secret,
  hint,
  onClose,
}: {
  readonly title: string;
  readonly secret: string;
  readonly hint: string;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <p>This is shown only now. The gateway keeps its hash.</p>
      <Command text={secret} label="Copy the secret" />
      <p className="soft">{hint}</p>
      <div className="dialog-actions">
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      </div>
    </Dialog>
  );
}
