/**
 * Compares the rows of a table in `document` with what the code says, both ways. Each wanted row begins with the
 * entry's name, as the table shows it; a row may go on after the wanted cells, with words for people that no code
 * has, and then must not be empty there.
 */
export function compareCatalogue(
  document: string,
  rows: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
): string[] {
  const names = new Set(wanted.map(([name]) => name));
  const unknown = rows
    .filter(([name]) => !names.has(name))
    .map(([name]) => `${document}: ${name} has a row, and is not in the code`);
  return [...unknown, ...wanted.flatMap((cells) => problemsOfEntry(document, rows, cells))];
}

function problemsOfEntry(
  document: string,
  rows: readonly (readonly string[])[],
  cells: readonly string[],
): string[] {
  const [name = ''] = cells;
  const matching = rows.filter(([first]) => first === name);
  const [row] = matching;
  if (row === undefined || matching.length > 1) {
    return [`${document}: ${name} has ${matching.length} rows, and should have one`];
  }
  const different = cells.flatMap((cell, index) =>
    row[index] === cell ? [] : [`${document}: ${name} says "${row[index]}", and the code "${cell}"`],
  );
  const empty = row.includes('') ? [`${document}: ${name} has an empty cell`] : [];
  return [...different, ...empty];
}
