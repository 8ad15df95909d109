import './query-states.css';
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { asApiError } from '../api/problem.ts';
import { count } from '../time/format.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { Scroll } from './scroll.tsx';

const SKELETON_AFTER_MS = 200;

/** What a query has: its data, with old data while newer is asked for; otherwise why there is none. */
export function Loaded<Data>({
  query,
  what,
  lines = 3,
  children,
}: {
  readonly query: UseQueryResult<Data>;
  /** What could not be loaded, as it continues “Could not load …”. */
  readonly what: string;
  readonly lines?: number;
  readonly children: (data: Data) => ReactNode;
}) {
  const { data, error, isFetching, refetch } = query;
  if (data === undefined && error === null) return <Skeleton lines={lines} />;
  return (
    <>
      {error !== null && (
        <Failed
          what={what}
          error={error}
          isBusy={isFetching}
          retry={() => void refetch()}
          isOld={data !== undefined}
        />
      )}
      {data !== undefined && children(data)}
    </>
  );
}

/** Grey lines in the place of what is loaded; only after a moment, because most answers are faster. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="skeleton" aria-busy="true">
      {isShown && <span className="hidden-text">Loading…</span>}
      {Array.from({ length: lines }, (_, line) => (
        // Lines have no identity: they are all the same.
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change
        <div key={line} className={isShown ? 'skeleton-line skeleton-shown' : 'skeleton-line'} />
      ))}
    </div>
  );
}

export function Failed({
  what,
  error,
  isBusy,
  retry,
  isOld = false,
}: {
  readonly what: string;
  readonly error: unknown;
  readonly isBusy?: boolean;
  readonly retry?: () => void;
  /** Whether something older is still shown. */
  readonly isOld?: boolean;
}) {
  const { message, code, isSignedOut } = asApiError(error);
  // The overlay asks to sign in again.
  if (isSignedOut) return null;
  return (
    <div className="failed" role="alert">
      <div>
        <strong>Could not load {what}.</strong> {message} <code>{code}</code>
        {isOld && <span> What is shown is older.</span>}
      </div>
      {retry !== undefined && (
        <Button size="small" isBusy={isBusy ?? false} onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Nothing exists yet: what to do next, as a command and, where possible, as a button. */
export function Empty({
  title,
  children,
  command,
  action,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly command?: string;
  readonly action?: ReactNode;
}) {
  return (
    <div className="empty">
      <h3>{title}</h3>
      {children !== undefined && <div className="soft">{children}</div>}
      {command !== undefined && <Command text={command} />}
      {action}
    </div>
  );
}

/** Filters that nothing matches. */
export function NoMatch({
  total,
  what,
  clear,
}: {
  /** How many there are, if that is known. */
  readonly total?: number;
  readonly what: string;
  readonly clear: () => void;
}) {
  return (
    <div className="empty">
      <h3>{total === undefined ? `No ${what} match` : `0 of ${count(total)} ${what} match`}</h3>
      <Button size="small" onClick={clear}>
        Clear filters
      </Button>
    </div>
  );
}

/** A command to run elsewhere, with a button that copies it. */
export function Command({
  text,
  label = 'Copy command',
}: {
  readonly text: string;
  readonly label?: string;
}) {
  return (
    <div className="command">
      <Scroll label="Command" className="command-text">
        <pre>{text}</pre>
      </Scroll>
      <CopyButton text={text} label={label} />
    </div>
  );
}

/** A bar that says why a page does not show everything. */
export function Partial({ children }: { readonly children: ReactNode }) {
  return (
    <div className="partial" role="status">
      {children}
    </div>
  );
}
