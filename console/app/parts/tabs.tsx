import './tabs.css';
import { type ReactNode, useRef } from 'react';
import { useShowSelected } from './use-show-selected.ts';

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
  const tabs = useRef<HTMLElement>(null);
  useShowSelected(tabs, selected);
  return (
    <nav ref={tabs} className="tabs" aria-label={label}>
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
