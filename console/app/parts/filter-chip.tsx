/** A value that rows are filtered by; a click removes it. Nothing without a value. */
export function FilterChip({
  value,
  label,
  onClear,
}: {
  readonly value: string;
  /** What kind of value it is, if the value does not say so. */
  readonly label?: string;
  readonly onClear: () => void;
}) {
  if (value === '') return null;
  return (
    <button
      type="button"
      className="chip break"
      aria-pressed="true"
      title="Remove this filter"
      onClick={onClear}
    >
      {label !== undefined && `${label} `}
      {value} <span aria-hidden="true">✕</span>
    </button>
  );
}
