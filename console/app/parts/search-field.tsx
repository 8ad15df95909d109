import { useEffect, useRef, useState } from 'react';

/** After the last key, before the gateway is asked. */
const PAUSE_MS = 150;

/** A field that filters while somebody types, and asks only when they pause. */
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
  const change = useRef(onChange);
  change.current = onChange;
  // The back button, a link or “Clear filters” has changed it.
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => change.current(typed), PAUSE_MS);
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
