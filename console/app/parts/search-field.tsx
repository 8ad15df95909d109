import { useEffect, useRef, useState } from 'react';

/** The gateway is asked at most this often while somebody types. */
const INTERVAL_MS = 50;

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
  const change = useRef(onChange);
  change.current = onChange;
  /** What was asked for last: `value` follows it, and must not undo what was typed since. */
  const asked = useRef(value);
  const askedAt = useRef(Number.NEGATIVE_INFINITY);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (value === asked.current) return;
    // The back button, a link or “Clear filters” has changed it.
    clearTimeout(timer.current);
    asked.current = value;
    setTyped(value);
  }, [value]);
  const type = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    const ask = () => {
      asked.current = text;
      askedAt.current = performance.now();
      change.current(text);
    };
    const wait = INTERVAL_MS - (performance.now() - askedAt.current);
    if (wait <= 0) ask();
    else timer.current = setTimeout(ask, wait);
  };
  return (
    <input
      className="input"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      spellCheck={false}
      value={typed}
      onChange={(event) => type(event.target.value)}
    />
  );
}
