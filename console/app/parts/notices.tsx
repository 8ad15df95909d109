import './notices.css';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { asApiError } from '../api/problem.ts';

type Notice = {
  readonly id: number;
  readonly tone: 'done' | 'failed';
  readonly text: string;
  readonly code?: string;
};

type Notices = {
  /** Says that something was done, for a few seconds. */
  readonly done: (text: string) => void;
  /** Says that something failed, until it is closed. */
  readonly failed: (what: string, error: unknown) => void;
};

const DONE_MS = 6_000;
const MAX_NOTICES = 4;

const Context = createContext<Notices | undefined>(undefined);

export function useNotices(): Notices {
  const notices = useContext(Context);
  if (notices === undefined) throw new Error('There is no NoticeProvider.');
  return notices;
}

export function NoticeProvider({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly Notice[]>([]);
  const next = useRef(0);
  const close = useCallback(
    (id: number) => setShown((before) => before.filter((each) => each.id !== id)),
    [],
  );
  const show = useCallback(
    (notice: Omit<Notice, 'id'>) => {
      next.current += 1;
      const id = next.current;
      setShown((before) => [...before, { ...notice, id }].slice(-MAX_NOTICES));
      if (notice.tone === 'done') setTimeout(close, DONE_MS, id);
    },
    [close],
  );
  const notices = useMemo<Notices>(
    () => ({
      done: (text) => show({ tone: 'done', text }),
      failed: (what, error) => {
        const { message, code } = asApiError(error);
        show({ tone: 'failed', text: `${what} ${message}`, code });
      },
    }),
    [show],
  );
  return (
    <Context value={notices}>
      {children}
      <div className="notices" role="status" aria-live="polite">
        {shown.map(({ id, tone, text, code }) => (
          <div key={id} className={`notice notice-${tone}`}>
            <p>
              {text} {code !== undefined && <code className="faint">{code}</code>}
            </p>
            <button
              type="button"
              className="notice-close"
              aria-label="Close this message"
              onClick={() => close(id)}
            >
              ✕
            </button>
          </div>
        ))}
      </div>
    </Context>
  );
}
