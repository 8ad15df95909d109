/** A small choice beside a table or a list. */
export function Select<Choice extends string>({
  label,
  value,
  choices,
  textOf = (choice) => choice,
  onChange,
}: {
  readonly label: string;
  readonly value: Choice;
  readonly choices: readonly Choice[];
  readonly textOf?: (choice: Choice) => string;
  readonly onChange: (choice: Choice) => void;
}) {
  return (
    <label>
      {label}{' '}
      <select
        value={value}
        className="input-small"
        onChange={(event) => onChange(event.target.value as Choice)}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {textOf(choice)}
          </option>
        ))}
      </select>
    </label>
  );
}
