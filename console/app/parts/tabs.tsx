import './tabs.css';
import type { ReactNode } from 'react';

/** Parts of a page, of which one is shown. Which one is in the URL. */
export function Tabs<Key extends string>({
  label,
  items,
  selected,
  onSelect,
}: {
  readonly label: string;
  readonly items: readonly { readonly key: Key; readonly title: ReactNode }[];
  readonly selected: Key;
  readonly onSelect: (key: Key) => void;
}) {
  return (
    <nav className="tabs" aria-label={label}>
      {items.map(({ key, title }) => (
        <button
          key={key}
          type="button"
          className="tab"
          aria-current={key === selected ? 'true' : undefined}
          onClick={() => onSelect(key)}
        >
          {title}
        </button>
      ))}
    </nav>
  );
}
