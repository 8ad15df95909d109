import './page.css';
import { type ReactNode, useEffect, useId } from 'react';

/** A page: its title, what it is about in a line, its main actions, and its content. */
export function Page({
  title,
  heading,
  lead,
  actions,
  children,
}: {
  readonly title: string;
  /** Shown instead of the title. */
  readonly heading?: ReactNode;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Penstock`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-titles">
          <h1 tabIndex={-1}>{heading ?? title}</h1>
          {lead !== undefined && <div className="page-lead">{lead}</div>}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a page with its own heading. */
export function Card({
  title,
  aside,
  children,
  isFlush = false,
  tone,
}: {
  readonly title?: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  /** Whether the content goes to the edges: tables do. */
  readonly isFlush?: boolean;
  readonly tone?: 'bad' | 'warn';
}) {
  const id = useId();
  return (
    <section
      className={`card ${tone === undefined ? '' : `card-${tone}`}`}
      aria-labelledby={title === undefined ? undefined : id}
    >
      {title !== undefined && (
        <header className="card-head">
          <h2 id={id}>{title}</h2>
          {aside !== undefined && <div className="card-aside">{aside}</div>}
        </header>
      )}
      <div className={isFlush ? 'card-flush' : 'card-body'}>{children}</div>
    </section>
  );
}

/** Names and values. Values that are not known are left out. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode] | undefined)[] }) {
  return (
    <dl className="facts">
      {items.map(
        (item) =>
          item !== undefined && (
            <div key={item[0]} className="fact">
              <dt>{item[0]}</dt>
              <dd>{item[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
