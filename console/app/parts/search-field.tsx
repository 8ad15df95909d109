import { useEffect, useRef, useState } from 'react';

/** The gateway is asked at most this often while somebody types. */
const INTERVAL_MS = 150;

/** A field that filters while somebody types: with the first key at once, then at intervals. */
export function SearchField({
  label,
  placeholder,
  value,
  onChange,
}: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const askedAt = useRef(Number.NEGATIVE_INFINITY);
  const change = useRef(onChange);
  change.current = onChange;
  // The back button, a link or “Clear filters” has changed it.
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const wait = INTERVAL_MS - (performance.now() - askedAt.current);
    const ask = () => {
      askedAt.current = performance.now();
      change.current(typed);
    };
    if (wait <= 0) {
      ask();
      return;
    }
    const timer = setTimeout(ask, wait);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <input
      className="input"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      spellCheck={false}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
