import { useState } from 'react';
import { POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { NewSilence } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { useAction } from '../../parts/use-action.ts';
import { usePools } from '../config/config-api.ts';

const create = (body: NewSilence) => perform(POST('/api/v1/silences', { body }));

const lengths = [
  { seconds: 3_600, title: '1 hour' },
  { seconds: 4 * 3_600, title: '4 hours' },
  { seconds: 24 * 3_600, title: '1 day' },
  { seconds: 7 * 24 * 3_600, title: '7 days' },
] as const;

/** A silence has an end and a comment: somebody else will wonder why nobody was notified. */
export function NewSilenceDialog({
  condition,
  subject: about = '',
  onClose,
}: {
  /** Of the alert from which it was opened. */
  readonly condition?: NewSilence['condition'];
  readonly subject?: string;
  readonly onClose: () => void;
}) {
  const pools = usePools();
  const [subject, setSubject] = useState(about);
  const [pool, setPool] = useState('');
  const [comment, setComment] = useState('');
  const [ttlSeconds, setLength] = useState<number>(3_600);
  const [problem, setProblem] = useState<string>();
  const { run, isBusy } = useAction(create, {
    stale: [resource.silences, resource.alerts],
    done: () => 'Receivers are not notified of these alerts until the silence ends.',
    failed: 'Nothing was silenced.',
  });
  const send = () => {
    const reason = comment.trim();
    setProblem(reason === '' ? 'Say why: others see it.' : undefined);
    if (reason === '') return;
    void run({
      comment: reason,
      ttlSeconds,
      ...(condition !== undefined && { condition }),
      ...(subject.trim() !== '' && { subject: subject.trim() }),
      ...(pool !== '' && { pool }),
    }).then((silence) => silence !== undefined && onClose());
  };
  return (
    <Dialog title="Silence alerts" isOpen onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) send();
        }}
      >
        {condition !== undefined && (
          <p>
            Condition <code>{condition}</code>
          </p>
        )}
        <Field label="About (optional)" hint="Such as agent:dc1-h3; * at the end stands for anything">
          <input
            className="input"
            value={subject}
            spellCheck={false}
            onChange={(event) => setSubject(event.target.value)}
          />
        </Field>
        <div className="form-row">
          <Field label="Pool (optional)">
            <select className="input" value={pool} onChange={(event) => setPool(event.target.value)}>
              <option value="">any pool</option>
              {pools.data?.items.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </Field>
          <Field label="For">
            <select
              className="input"
              value={ttlSeconds}
              onChange={(event) => setLength(Number(event.target.value))}
            >
              {lengths.map(({ seconds, title }) => (
                <option key={seconds} value={seconds}>
                  {title}
                </option>
              ))}
            </select>
          </Field>
        </div>
        <Field label="Why" problem={problem}>
          <input
            className="input"
            value={comment}
            maxLength={256}
            onChange={(event) => setComment(event.target.value)}
          />
        </Field>
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <RoleButton needs="operator" kind="primary" type="submit" isBusy={isBusy}>
            Silence
          </RoleButton>
        </div>
      </form>
    </Dialog>
  );
}
